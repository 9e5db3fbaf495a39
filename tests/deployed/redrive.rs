//! Dead letters, redriven and discarded.

use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use local_run::LocalDeployment;
use local_run::queues::Depth;
use sandbox::{Answer, Customer, Endpoint, Rule, customers};
use serde_json::{Value, json};

use crate::harness::{PATIENCE, date, logs, on_the_deployed_stack, printed_by, reconcile, run};

/// Invokes `redrive-orders`, which must answer with a summary.
async fn redrive(stack: &LocalDeployment, input: Value) -> Value {
    let arn = stack.output("RedriveOrdersFunctionArn").unwrap();
    let call = stack.lambda().invoke().function_name(arn);
    let answer = call
        .payload(input.to_string().into_bytes().into())
        .send()
        .await
        .unwrap();
    let payload = answer.payload.unwrap_or_else(|| Vec::new().into()).into_inner();
    let summary = serde_json::from_slice(&payload).unwrap();
    assert_eq!(answer.function_error, None, "{summary}");
    summary
}

/// Checks numbers of a summary. All that are not given are 0.
fn assert_numbers(summary: &Value, expected: &[(&str, u64)]) {
    for field in [
        "examined",
        "matched",
        "redriven",
        "discarded",
        "left",
        "failed",
        "undeleted",
        "hidden",
    ] {
        let expected = expected.iter().find(|(name, _)| *name == field);
        let expected = expected.map_or(0, |(_, number)| *number);
        assert_eq!(summary[field], expected, "{field}: {summary}");
    }
}

async fn send(stack: &LocalDeployment, queue: &'static str, bodies: &[String]) {
    for bodies in bodies.chunks(10) {
        let entries = bodies.iter().enumerate().map(|(at, body)| {
            let entry = SendMessageBatchRequestEntry::builder().id(at.to_string());
            entry.message_body(body).build().unwrap()
        });
        let call = stack
            .sqs()
            .send_message_batch()
            .queue_url(stack.output(queue).unwrap());
        let answer = call.set_entries(Some(entries.collect())).send().await.unwrap();
        assert_eq!(answer.failed.len(), 0);
    }
}

async fn dead_letters(stack: &LocalDeployment) -> Depth {
    stack.depth("DeadLetterQueueUrl").await.unwrap()
}

/// Waits until the customer queue is empty: all of its messages are settled then.
async fn settled(stack: &LocalDeployment) {
    let empty = async {
        while !stack.depth("CustomerQueueUrl").await.unwrap().is_empty() {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(PATIENCE, empty).await.unwrap();
}

#[test]
fn redriven_letters_become_orders_and_others_are_discarded() {
    on_the_deployed_stack(async |stack| {
        let (order_date, customers) = (date("2024-05-01T06:00:00Z"), customers::generate(100, 51));
        let (valid, invalid): (Vec<Customer>, Vec<Customer>) = customers
            .iter()
            .cloned()
            .partition(|customer| customer.expected.is_order());
        let no_such_city =
            Answer::status(422).body("application/problem+json", r#"{"title": "no such city"}"#);
        stack.sandbox.set_faults(valid.iter().take(7).map(|customer| {
            let id = customer.id.clone().unwrap();
            Rule::on(Endpoint::Orders, no_such_city.clone()).customer(id)
        }));
        // One customer is dead-lettered by hand, as if its attempts were used up.
        let (last, others) = customers.split_last().unwrap();
        assert!(last.expected.is_order());
        let body = format!(r#"{{"order_date":"{order_date}","customer":{}}}"#, last.json);
        send(stack, "DeadLetterQueueUrl", &[body]).await;
        run(stack, order_date, others).await;
        stack.sandbox.set_faults([]);
        let rejected = invalid.len() as u64;
        let all = rejected + 7 + 1;
        assert_eq!(
            dead_letters(stack).await,
            Depth {
                visible: all,
                in_flight: 0
            }
        );

        let dry = printed_by(stack, "RedriveCommand");
        assert_numbers(&dry, &[("examined", all), ("matched", all), ("left", all)]);
        assert_eq!(
            dry["by_reason"],
            json!({"attempts_used_up": 1, "invalid_customer": rejected, "rejected_by_destination": 7})
        );
        assert_eq!(dry["by_order_date"], json!({order_date.to_string(): all}));
        assert_eq!(dry["by_age"]["under_1_hour"], all);
        assert_eq!((&dry["complete"], &dry["dry_run"]), (&json!(true), &json!(true)));
        let examples = dry["examples"].as_array().unwrap();
        let rejected_one = examples
            .iter()
            .find(|example| example["reason"] == "rejected_by_destination");
        assert_eq!(rejected_one.unwrap()["detail"], "no such city");
        assert_eq!(
            dead_letters(stack).await,
            Depth {
                visible: all,
                in_flight: 0
            }
        );

        // The destination is fixed: redriven are those that it rejected, then the one without a reason.
        for (reason, count) in [("rejected_by_destination", 7), ("attempts_used_up", 1)] {
            let summary = redrive(stack, json!({"reason": reason, "dry_run": false})).await;
            assert_eq!(summary["redriven"], count, "{summary}");
            assert_eq!(summary["failed"], 0, "{summary}");
        }
        settled(stack).await;
        assert_eq!(
            dead_letters(stack).await,
            Depth {
                visible: rejected,
                in_flight: 0
            }
        );
        stack.sandbox.set_customers(customers.clone());
        let reconciliation = reconcile(stack, order_date, &customers).await;
        assert_eq!(reconciliation.discrepancies, [""; 0]);
        assert_eq!(
            (reconciliation.ordered, reconciliation.dead_letter_count()),
            (valid.len() as u64, rejected)
        );

        // The message of an invalid customer cannot be fixed: it is discarded, and logged.
        let mut discard =
            json!({"action": "discard", "reason": "invalid_customer", "order_date": order_date});
        let dry = redrive(stack, discard.clone()).await;
        assert_numbers(
            &dry,
            &[("examined", rejected), ("matched", rejected), ("left", rejected)],
        );
        discard["dry_run"] = json!(false);
        let summary = redrive(stack, discard).await;
        assert_numbers(
            &summary,
            &[
                ("examined", rejected),
                ("matched", rejected),
                ("discarded", rejected),
            ],
        );
        assert_eq!(dead_letters(stack).await, Depth::default());
        let logs = logs(stack).await;
        let audit = logs
            .lines()
            .filter(|line| line.contains("dead_letter_discarded") && line.contains(&order_date.to_string()));
        assert_eq!(audit.count() as u64, rejected);
    });
}

#[test]
fn letter_rejected_again_is_left_to_another_sweep() {
    on_the_deployed_stack(async |stack| {
        stack.sandbox.set_customers(customers::generate(1, 52));
        run(stack, date("2024-05-02T06:00:00Z"), &customers::generate(1, 52)).await;
        let bodies: Vec<String> = (0..500).map(|at| format!("no JSON {at}")).collect();
        send(stack, "DeadLetterQueueUrl", &bodies).await;
        let summary = redrive(stack, json!({"reason": "attempts_used_up", "dry_run": false})).await;
        assert_numbers(
            &summary,
            &[("examined", 500), ("matched", 500), ("redriven", 500)],
        );
        settled(stack).await;
        let dry = redrive(stack, json!({})).await;
        assert_eq!(dry["by_reason"], json!({"malformed_message": 500}));
        let mut back: Vec<String> = stack
            .dead_letters()
            .await
            .unwrap()
            .into_iter()
            .map(|letter| letter.body)
            .collect();
        back.sort();
        let mut bodies = bodies;
        bodies.sort();
        assert_eq!(back, bodies);
        println!("500 dead letters redriven in {} ms", summary["elapsed_ms"]);
    });
}

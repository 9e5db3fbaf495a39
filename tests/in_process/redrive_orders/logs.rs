//! The audit, and what is never told.

use std::sync::LazyLock;

use integration_tests::{
    bridge::{Bridge, REQUEST_ID},
    canaries::canaries,
};
use sandbox::{Answer, Endpoint, Rule, Settings, customers};

use super::*;
use crate::logs::{LOGGING, lines, logged};

fn audit(lines: &[Value], message: &str) -> Vec<Value> {
    let lines = lines.iter().filter(|line| line["message"] == message);
    let mut lines: Vec<Value> = lines.cloned().collect();
    for line in &mut lines {
        line.as_object_mut().unwrap().remove("timestamp");
    }
    lines.sort_by_key(|line| line["message_id"].to_string());
    lines
}

#[tokio::test(start_paused = true)]
async fn each_discarded_dead_letter_has_a_line_that_names_it() {
    LazyLock::force(&LOGGING);
    let aws = account();
    lay_down(&aws, &body(123), Some("invalid_customer"));
    lay_down(&aws, "no JSON", Some("invalid_customer"));
    lay_down(&aws, &body(1), None);
    let mut input = json!({"action": "discard", "reason": "invalid_customer"});
    redrive(&aws, input.clone()).await.unwrap();
    assert_eq!(
        audit(&lines(&logged()), "dead letter discarded"),
        [Value::Null; 0]
    );
    input["dry_run"] = json!(false);
    redrive(&aws, input).await.unwrap();
    let lines = lines(&logged());
    let target = "redrive_orders::log_events";
    assert_eq!(
        audit(&lines, "dead letter discarded"),
        [
            json!({"level": "INFO", "target": target, "message": "dead letter discarded", "message_id": "message-1",
                   "order_date": ORDER_DATE, "customer_id": "123", "order_id": "ORD-20231015-TSKDTY56PWC8QZC3",
                   "reason": "invalid_customer"}),
            json!({"level": "INFO", "target": target, "message": "dead letter discarded", "message_id": "message-2",
                   "reason": "invalid_customer"}),
        ]
    );
    let infos: Vec<&Value> = lines.iter().filter(|line| line["level"] == "INFO").collect();
    assert_eq!(infos.len(), 3);
    let mut summary = infos[2].clone();
    for field in ["timestamp", "elapsed_ms"] {
        summary.as_object_mut().unwrap().remove(field);
    }
    assert_eq!(
        summary,
        json!({"level": "INFO", "target": "redrive_orders::handler", "message": "redrive ended",
               "request_id": REQUEST_ID, "action": "discard",
               "dry_run": false, "examined": 3, "matched": 2, "redriven": 0, "discarded": 2, "left": 1, "failed": 0,
               "undeleted": 0, "hidden": 0, "complete": true})
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_is_gone_without_a_line_whatever_becomes_of_the_call() {
    for fault in [
        Fault::LoseAnswer,
        Fault::Refuse(400, "AccessDeniedException"),
        Fault::FailEntries {
            entries: vec![0, 2],
            sender_fault: true,
        },
    ] {
        LazyLock::force(&LOGGING);
        let (aws, what) = (account(), format!("{fault:?}"));
        for id in 0..10 {
            lay_down(&aws, &body(id), Some("expired"));
        }
        aws.set_faults(move |call| (call.action == "DeleteMessageBatch").then(|| fault.clone()));
        let input = json!({"action": "discard", "reason": "expired", "dry_run": false});
        let answer = redrive(&aws, input).await;
        let lines = lines(&logged());
        let ids = |message| -> Vec<String> {
            let lines = audit(&lines, message).into_iter();
            lines
                .map(|line| line["message_id"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(ids("dead letter discarded").len(), 10, "{what}");
        let taken_back = ids("dead letter not discarded: SQS has not confirmed that it is gone");
        match answer {
            Ok(summary) => {
                assert_eq!(numbers(&summary), [10, 10, 0, 8, 2, 2, 0, 0]);
                assert_eq!(taken_back, ["message-1", "message-3"]);
                assert_eq!(visible_dead_letters(&aws), 2);
            }
            Err(error) => {
                assert!(
                    error.starts_with("the discard ended early, with 10 dead letters"),
                    "{error}"
                );
                assert_eq!(taken_back.len(), 10, "{what}");
                let early = audit(&lines, "redrive ended early");
                assert_eq!(early.len(), 1, "{what}");
                let told =
                    ["level", "action", "left", "failed", "complete"].map(|field| early[0][field].clone());
                assert_eq!(
                    told,
                    [
                        json!("ERROR"),
                        json!("discard"),
                        json!(10),
                        json!(10),
                        json!(false)
                    ]
                );
            }
        }
    }
}

#[tokio::test]
async fn no_name_or_address_is_in_a_summary_an_error_or_a_log_at_any_level() {
    LazyLock::force(&LOGGING);
    let settings = Settings {
        customers: customers::generate(300, 5).into(),
        ..Settings::default()
    };
    let bridge = Bridge::start(settings, |environment| environment).await;
    let refuse = Answer::status(422).body("application/json", r#"{"detail": "no such city"}"#);
    bridge
        .sandbox
        .set_faults([Rule::on(Endpoint::Orders, refuse).chance(30, 1)]);
    bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    bridge.drain().await;
    let letters = bridge.dead_letters().len();
    assert!(letters > 60, "{letters}");
    drop(logged());

    tokio::time::pause();
    let mut told = String::new();
    let mut answers = 0_u64;
    bridge.aws.set_faults(move |call| {
        answers += 1;
        match (answers % 5, call.action.as_str()) {
            (0, "SendMessageBatch" | "DeleteMessageBatch" | "ChangeMessageVisibilityBatch") => {
                Some(Fault::FailEntries {
                    entries: vec![0, 1],
                    sender_fault: answers.is_multiple_of(2),
                })
            }
            (1, "SendMessageBatch" | "DeleteMessageBatch") => {
                Some(Fault::Refuse(400, "AccessDeniedException"))
            }
            _ => None,
        }
    });
    for input in [
        json!({}),
        json!({"reason": "rejected_by_destination"}),
        json!({"reason": "rejected_by_destination", "dry_run": false, "limit": 9}),
        json!({"reason": "invalid_customer", "dry_run": false}),
        json!({"action": "discard", "reason": "invalid_customer", "dry_run": false}),
        json!({"reason": "Given1", "customer_id": ["Given1"], "order_date": "Given1", "limit": "Given1"}),
    ] {
        match redrive(&bridge.aws, input).await {
            Ok(summary) => told += &summary.to_string(),
            Err(error) => told += &error,
        }
    }
    assert!(told.contains("address.zip: must be text"), "{told}");
    assert!(told.contains("ended early"), "{told}");
    let text = logged() + &told;
    let canaries = canaries(&bridge.sandbox);
    assert!(canaries.len() > 500, "{}", canaries.len());
    for canary in &canaries {
        assert!(!text.contains(canary), "{canary} was told");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_read_is_not_repeated_in_the_error() {
    LazyLock::force(&LOGGING);
    let aws = account();
    let personal = fixture::message(&fixture::customer().with("/first_name", "Canary"));
    lay_down(&aws, &personal, None);
    aws.set_faults(|call| (call.action == "ReceiveMessage").then_some(Fault::CutAnswer));
    let error = redrive(&aws, json!({})).await.unwrap_err();
    assert!(
        error.contains("the dead-letter queue cannot be read: "),
        "{error}"
    );
    let told = logged() + &error;
    // Neither as text nor as the numbers of its bytes.
    for canary in ["Canary", "67, 97, 110, 97, 114, 121"] {
        assert!(!told.contains(canary), "{told}");
    }
}

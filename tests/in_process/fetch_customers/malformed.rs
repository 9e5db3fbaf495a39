//! A customer that is no JSON.

use fixture::ID;
use integration_tests::bridge::DEAD_LETTER_QUEUE_URL;
use sandbox::case;

use super::*;

/// Of each customer, what follows its id.
const REST: [&[u8]; 5] = [
    b"",
    br#", "score": NaN"#,
    b", \"first_name\": \"Jos\xe9\"",
    b", \"note\": \"a\tb\0\"",
    b"",
];

/// The customer at this index, whose id is the number after it.
fn element(index: usize) -> Vec<u8> {
    let start = format!(r#"{{"{ID}": "{}""#, index + 1);
    [start.as_bytes(), REST[index], b"}"].concat()
}

async fn malformed_bridge() -> Bridge {
    bridge(Settings {
        customers: Customers::bytes((0..REST.len()).map(element)),
        page_size: 2,
        ..Settings::default()
    })
    .await
}

#[tokio::test]
async fn malformed_customer_becomes_a_dead_letter() {
    let bridge = malformed_bridge().await;
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!(
        (
            run.progress.pages,
            run.progress.fetched,
            run.progress.enqueued,
            run.progress.rejected
        ),
        (3, 5, 2, 3)
    );
    let frame =
        |customer: &str| format!(r#"{{"order_date":"{ORDER_DATE}","customer":{{"{ID}": {customer}}}}}"#);
    let letters = bridge.dead_letters();
    let letters: Vec<_> = letters
        .iter()
        .map(|letter| {
            (
                letter.body.clone(),
                letter.attributes["reason"].as_str(),
                letter.attributes["detail"].as_str(),
            )
        })
        .collect();
    let detail = |at: &str| format!("the customer is not JSON: {at}");
    let details = [
        detail(&format!(
            "page 1 of the source, index 1, byte {}",
            30 + 2 * ID.len()
        )),
        detail(&format!("page 2 of the source, index 2, byte {}", 29 + ID.len())),
        detail(&format!(
            "page 2 of the source, index 3, byte {}",
            53 + 2 * ID.len()
        )),
    ];
    assert_eq!(
        letters,
        [
            (
                frame(r#""2", "score": NaN"#),
                "malformed_message",
                details[0].as_str()
            ),
            (
                frame(r#""3", "first_name": "Jos\xE9""#),
                "malformed_message",
                details[1].as_str()
            ),
            (
                frame("\"4\", \"note\": \"a\tb\\x00\""),
                "malformed_message",
                details[2].as_str()
            ),
        ]
    );
}

#[tokio::test]
async fn redriven_malformed_customer_is_rejected_again() {
    let bridge = malformed_bridge().await;
    bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    let letters = bridge.dead_letters();
    // Without the valid ones, which are no orders.
    take_waiting(&bridge);
    bridge.enqueue(letters.iter().map(|letter| letter.body.clone()));
    bridge.drain().await;
    assert_eq!(bridge.sandbox.ledger().len(), 0);
    let again = bridge.dead_letters();
    assert_eq!(again.len(), 2 * letters.len());
    assert!(
        again
            .iter()
            .all(|letter| letter.attributes["reason"] == "malformed_message")
    );
}

fn take_waiting(bridge: &Bridge) {
    bridge.aws.queues(|queues| {
        for message in queues.receive(QUEUE_URL, usize::MAX, |_| 0) {
            queues.delete(QUEUE_URL, &message.receipt_handle()).unwrap();
        }
    });
}

#[tokio::test]
async fn dry_run_counts_malformed_customer() {
    let bridge = malformed_bridge().await;
    let input = json!({"order_date": ORDER_DATE, "dry_run": true});
    let run = bridge.run(input).await.unwrap();
    assert_eq!((run.progress.enqueued, run.progress.rejected), (2, 3));
    assert!(bridge.dead_letters().is_empty());
}

#[tokio::test]
async fn run_of_chosen_customers_skips_a_malformed_one() {
    let bridge = malformed_bridge().await;
    let input = json!({"order_date": ORDER_DATE, "customer_ids": ["5"]});
    let run = bridge.run(input).await.unwrap();
    assert_eq!(
        (run.progress.enqueued, run.progress.skipped, run.progress.rejected),
        (1, 4, 0)
    );
    assert!(bridge.dead_letters().is_empty());
}

#[tokio::test(start_paused = true)]
async fn unconfirmed_dead_letter_ends_the_run_early() {
    for fault in [
        Fault::Refuse(403, "AccessDenied"),
        Fault::FailEntries {
            entries: (0..10).collect(),
            sender_fault: true,
        },
        Fault::FailEntries {
            entries: (0..10).collect(),
            sender_fault: false,
        },
    ] {
        let bridge = malformed_bridge().await;
        bridge.aws.set_faults(move |call| {
            let is_dead_letter = call.input["QueueUrl"] == DEAD_LETTER_QUEUE_URL;
            (call.action == "SendMessageBatch" && is_dead_letter).then(|| fault.clone())
        });
        let error = bridge
            .run(json!({"order_date": ORDER_DATE}))
            .await
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(
                "with 2 customers enqueued: 3 customers that are not JSON or too large could not be sent to the \
                 DeadLetterQueue, because of "
            ),
            "{error}"
        );
    }
}

#[tokio::test]
async fn cases_met_in_the_world_are_read() {
    for (name, enqueued, rejected) in [
        ("customers-nan.json", 0, 1),
        ("customers-surrogate-in-ignored-key.json", 1, 0),
    ] {
        let bridge = bridge(source(1, 0)).await;
        let answer = Answer::status(200).body("application/json", case(name).unwrap());
        bridge.sandbox.set_faults([Rule::on(Endpoint::Customers, answer)]);
        let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
        assert_eq!(
            (run.progress.enqueued, run.progress.rejected),
            (enqueued, rejected),
            "{name}"
        );
        bridge.drain().await;
        assert_eq!(bridge.sandbox.ledger().len() as u64, enqueued, "{name}");
    }
}

#[tokio::test]
async fn id_is_found_beside_a_lone_surrogate() {
    let bridge = bridge(source(1, 0)).await;
    let body = case("customers-surrogate-in-ignored-key.json").unwrap();
    let answer = Answer::status(200).body("application/json", body);
    bridge.sandbox.set_faults([Rule::on(Endpoint::Customers, answer)]);
    let run = bridge
        .run(json!({"order_date": ORDER_DATE, "customer_ids": ["1"]}))
        .await
        .unwrap();
    assert_eq!(run.progress.enqueued, 1);
}

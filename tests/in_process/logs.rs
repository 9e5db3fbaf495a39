//! What is logged, and what never is.

use std::{cell::RefCell, io, sync::LazyLock};

use integration_tests::{
    aws::Fault,
    bridge::{Bridge, DESTINATION_SECRET},
};
use sandbox::{Action, Answer, Endpoint, Rule, Settings, customers};
use serde_json::{Value, json};

thread_local! {
    /// What this thread has logged, so what its test has: each runs on a thread of its own.
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// One subscriber for all threads: what a callsite is interested in is kept for the whole process.
pub(crate) static LOGGING: LazyLock<()> = LazyLock::new(|| {
    tracing::subscriber::set_global_default(shared::logging::subscriber("TRACE", || Log)).unwrap();
});

struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) fn logged() -> String {
    String::from_utf8(LOG.take()).unwrap()
}

pub(crate) fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Runs 200 customers through everything that can go wrong.
async fn bad_day() -> Bridge {
    let settings = Settings {
        customers: customers::generate(200, 5).into(),
        page_size: 50,
        ..Settings::default()
    };
    let bridge = Bridge::start(settings, |environment| environment).await;
    let mut calls = 0_u64;
    bridge.aws.set_faults(move |call| {
        calls += 1;
        match (calls % 7, call.action.as_str()) {
            (3, "SendMessageBatch") => Some(Fault::FailEntries {
                entries: vec![1],
                sender_fault: false,
            }),
            (5, "SendMessageBatch") => Some(Fault::FailEntries {
                entries: vec![2],
                sender_fault: true,
            }),
            (2, "SendMessage") => Some(Fault::Refuse(400, "AccessDeniedException")),
            (2 | 4, "ChangeMessageVisibilityBatch") => Some(Fault::Refuse(400, "AccessDeniedException")),
            _ => None,
        }
    });
    let run = json!({"order_date": "2023-10-15T14:30:00Z"});
    bridge.run(run.clone()).await.unwrap();
    let orders = |action: Action, percent| Rule::on(Endpoint::Orders, action).chance(percent, percent);
    bridge.sandbox.set_faults([
        orders(Action::Reset, 5),
        orders(Answer::status(503).retry_after(1).into(), 10),
        orders(Answer::status(422).into(), 11),
        orders(Action::LoseAnswer, 12),
    ]);
    for round in 0..40 {
        match round {
            10 => bridge
                .aws
                .set_secret(DESTINATION_SECRET, "fixture-client-secret, but no JSON"),
            12 => {
                bridge.sandbox.rotate_client_secret("fixture-client-secret-2");
                bridge.sandbox.revoke_tokens();
            }
            14 => {
                let client =
                    json!({"client_id": "fixture-client", "client_secret": "fixture-client-secret-2"});
                bridge.aws.set_secret(DESTINATION_SECRET, client.to_string());
            }
            16 => bridge
                .sandbox
                .set_faults([Rule::on(Endpoint::Orders, Answer::status(403))]),
            17 => bridge.sandbox.set_faults([]),
            _ => {}
        }
        bridge.deliver(20).await;
        tokio::time::pause();
        tokio::time::advance(submit_orders::halt::HALT).await;
        tokio::time::resume();
    }
    bridge
        .sandbox
        .set_faults([Rule::on(Endpoint::Customers, Answer::status(404)).calls(6..)]);
    bridge.run(run).await.unwrap_err();
    bridge
        .run(json!({"order_date": "yesterday", "customer_ids": "Given1 Family1"}))
        .await
        .unwrap_err();
    bridge
}

#[tokio::test]
async fn no_name_address_key_secret_or_token_is_logged_on_a_bad_day_at_any_level() {
    LazyLock::force(&LOGGING);
    let bridge = bad_day().await;
    let text = logged();
    let lines = lines(&text);
    let ours = lines
        .iter()
        .filter(|line| !line["target"].as_str().unwrap().starts_with("aws_"));
    let mut messages: Vec<&str> = ours.map(|line| line["message"].as_str().unwrap()).collect();
    messages.sort_unstable();
    messages.dedup();
    assert_eq!(
        messages,
        [
            "SQS did not take some messages: they are sent again",
            "SQS refused a customer's message",
            "batch settled",
            "order delivered",
            "order rejected: it is in the dead-letter queue",
            "order to be retried",
            "run completed",
            "run ended early",
            "some messages' visibility may not be set: the queue's own visibility time-out applies to them",
        ]
    );
    let canaries = bridge.sandbox.canaries();
    assert!(canaries.len() > 500, "{}", canaries.len());
    for canary in &canaries {
        assert!(!text.contains(canary), "{canary} was logged");
    }
    for letter in bridge.dead_letters() {
        for canary in &canaries {
            assert!(
                letter.attributes.values().all(|value| !value.contains(canary)),
                "{canary} is in an attribute"
            );
        }
    }
}

#[tokio::test]
async fn every_line_has_a_level_and_a_timestamp_and_a_rejection_names_the_order_and_the_reason() {
    LazyLock::force(&LOGGING);
    let bridge = Bridge::start(Settings::default(), |environment| environment).await;
    let customer = json!({"customer_id": "7", "email": "nobody"});
    bridge.enqueue([json!({"order_date": "2023-10-15T14:30:00Z", "customer": customer}).to_string()]);
    bridge.deliver(1).await;
    let mut lines = lines(&logged());
    for line in &mut lines {
        let line = line.as_object_mut().unwrap();
        let timestamp = line.remove("timestamp").unwrap();
        time::OffsetDateTime::parse(
            timestamp.as_str().unwrap(),
            &time::format_description::well_known::Rfc3339,
        )
        .unwrap();
        line.remove("elapsed_ms");
    }
    assert_eq!(
        lines,
        [
            json!({
                "level": "ERROR", "target": "submit_orders::journal",
                "message": "order rejected: it is in the dead-letter queue", "message_id": "message-1",
                "order_date": "2023-10-15T14:30:00Z", "customer_id": "7",
                "order_id": "ORD-20231015-NK44X5EPJWKW484Q", "reason": "invalid_customer",
                "detail": "first_name, last_name: one of the two is required, and not blank; email: must be a valid \
                           e-mail address; address: required"
            }),
            json!({
                "level": "INFO", "target": "submit_orders::handler", "message": "batch settled", "received": 1,
                "delivered": 0, "duplicate": 0, "rejected": 1, "retried": 0, "unstarted": 0
            })
        ]
    );
}

//! Odd answers of SQS to calls that it carried out: nothing is lost, and no log line or error grows with them.

use std::{collections::BTreeSet, sync::LazyLock, time::Duration};

use integration_tests::{
    aws::{Aws, Fault},
    bridge::{Bridge, DEAD_LETTER_QUEUE_URL, QUEUE_URL, account, raw, redrive_orders, until},
};
use sandbox::{Settings, customers};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::logs::{LOGGING, logged};

/// A text that only the answers hold.
const CANARY: &str = "Canary-of-the-answer";

/// A text that only the messages of errors hold. They may be quoted, but not where the call carried customers' data.
const ERROR_MESSAGE: &str = "Message-of-the-error";

/// Codes, ids and messages of 300 characters and some fields beside them fit; an answer of [`HUGE`] does not.
const MAX_LINE: usize = 4_096;

const HUGE: usize = 2_000_000;

const LETTERS: usize = 25;

fn odd_answers() -> Vec<Fault> {
    let huge = CANARY.repeat(HUGE / CANARY.len());
    let unknown_ids = json!({
        "Successful": [{"Id": CANARY, "MessageId": "m", "MD5OfMessageBody": ""}, {"Id": "77", "MessageId": "m", "MD5OfMessageBody": ""}],
        "Failed": [{"Id": "-1", "Code": CANARY, "SenderFault": true}],
    });
    let huge_code = json!({"Successful": [], "Failed": [{"Id": "0", "Code": huge, "Message": huge, "SenderFault": false}]});
    let message = ERROR_MESSAGE.repeat(HUGE / ERROR_MESSAGE.len());
    let error = json!({"__type": format!("Odd {CANARY}"), "message": message}).to_string();
    [
        (200, String::new()),
        (200, "{}".to_owned()),
        (200, "null".to_owned()),
        (
            200,
            json!({"Successful": null, "Failed": null, "Messages": null}).to_string(),
        ),
        (200, unknown_ids.to_string()),
        (200, huge_code.to_string()),
        (200, format!("<html>{CANARY}</html>")),
        (
            200,
            format!(r#"{{"Successful": [{{"Id": "{CANARY}", "Messages": "#),
        ),
        (200, format!(r#"{{"Messages": [{{"Body": "{CANARY}"}}]}}"#)),
        (400, error.clone()),
        (503, error),
        (403, huge),
    ]
    .map(|(status, body)| Fault::Answer(status, body))
    .into()
}

fn name(fault: &Fault) -> String {
    format!("{fault:?}").chars().take(100).collect()
}

/// Lets the first calls of `action` have the odd answer.
fn answer_first(aws: &Aws, action: &'static str, count: usize, fault: &Fault) {
    let (mut left, fault) = (count, fault.clone());
    aws.set_faults(move |call| {
        let is_odd = call.action == action && left > 0;
        left -= usize::from(is_odd);
        is_odd.then(|| fault.clone())
    });
}

fn bodies(aws: &Aws, queue: &str) -> BTreeSet<String> {
    let messages = aws.queues(|queues| queues.messages(queue));
    messages.into_iter().map(|message| message.body).collect()
}

fn assert_bounded(published: &str, action: &str, what: &str) {
    for line in published.lines() {
        assert!(line.len() < MAX_LINE, "{} bytes: {what}", line.len());
    }
    assert!(!published.contains(CANARY), "{what}: {published}");
    let quotes_message = published.contains(ERROR_MESSAGE);
    assert!(
        !(quotes_message && action.starts_with("Send")),
        "{what}: {published}"
    );
}

#[tokio::test(start_paused = true)]
async fn redrive_survives_odd_answers() {
    LazyLock::force(&LOGGING);
    for action in [
        "ReceiveMessage",
        "SendMessageBatch",
        "DeleteMessageBatch",
        "ChangeMessageVisibilityBatch",
    ] {
        for fault in odd_answers() {
            for count in [1, usize::MAX] {
                let what = format!("{action}, {count} calls, {}", name(&fault));
                let aws = account(&Settings::default());
                let letters: BTreeSet<String> = (0..LETTERS)
                    .map(|id| fixture::message(&fixture::only_id(id)))
                    .collect();
                for body in &letters {
                    aws.queues(|queues| queues.send(DEAD_LETTER_QUEUE_URL, body, [].into(), None))
                        .unwrap();
                }
                answer_first(&aws, action, count, &fault);
                let timeout = Duration::from_secs(60);
                let deadline = Instant::now() + timeout;
                let handler = redrive_orders(&aws);
                let input = json!({"dry_run": false});
                let answer = handler.handle(&raw(&input), until(deadline)).await;
                let copies = bodies(&aws, QUEUE_URL);
                let answered = match &answer {
                    Ok(summary) => {
                        assert!(summary.redriven <= copies.len(), "{what}: {summary:?}");
                        serde_json::to_string(summary).unwrap()
                    }
                    Err(error) => error.to_string(),
                };
                assert_bounded(&answered, action, &what);
                assert_bounded(&logged(), action, &what);
                let dead = bodies(&aws, DEAD_LETTER_QUEUE_URL);
                assert_eq!(&copies | &dead, letters, "{what}");

                aws.set_faults(|_| None);
                tokio::time::sleep_until(deadline + shared::aws::OPERATION_TIMEOUT).await;
                let deadline = Instant::now() + timeout;
                let again = handler.handle(&raw(&input), until(deadline)).await.unwrap();
                assert!(again.complete, "{what}: {again:?}");
                assert_eq!(bodies(&aws, QUEUE_URL), letters, "{what}");
                assert_eq!(bodies(&aws, DEAD_LETTER_QUEUE_URL).len(), 0, "{what}");
                drop(logged());
            }
        }
    }
}

#[tokio::test]
async fn run_survives_odd_answers() {
    LazyLock::force(&LOGGING);
    let input: Value = json!({"order_date": fixture::order_date()});
    for fault in odd_answers() {
        let what = name(&fault);
        let settings = Settings {
            customers: customers::generate(LETTERS as u64, 7).into(),
            ..Settings::default()
        };
        let bridge = Bridge::start(settings, |environment| environment).await;
        answer_first(&bridge.aws, "SendMessageBatch", 1, &fault);
        let answer = bridge.run(input.clone()).await;
        let enqueued = bodies(&bridge.aws, QUEUE_URL).len();
        match &answer {
            // Whatever a summary claims is on the queue.
            Ok(summary) => {
                let summary = serde_json::to_value(summary).unwrap();
                assert_eq!(
                    (&summary["enqueued"], enqueued),
                    (&json!(LETTERS), LETTERS),
                    "{what}"
                );
            }
            Err(error) => assert_bounded(&error.to_string(), "SendMessageBatch", &what),
        }
        assert_bounded(&logged(), "SendMessageBatch", &what);
        bridge.aws.set_faults(|_| None);
        bridge.run(input.clone()).await.unwrap();
        assert_eq!(bodies(&bridge.aws, QUEUE_URL).len(), LETTERS, "{what}");
        drop(logged());
    }
}

#[tokio::test]
async fn batch_survives_odd_answers() {
    LazyLock::force(&LOGGING);
    for (action, fault) in ["SendMessage", "ChangeMessageVisibilityBatch"]
        .into_iter()
        .flat_map(|action| odd_answers().into_iter().map(move |fault| (action, fault)))
    {
        let what = format!("{action}, {}", name(&fault));
        let bridge = Bridge::start(Settings::default(), |environment| environment).await;
        // One is rejected, and one retried.
        bridge.enqueue(["no JSON".to_owned(), fixture::message(&fixture::customer())]);
        let unavailable = sandbox::Answer::status(503);
        bridge
            .sandbox
            .set_faults([sandbox::Rule::on(sandbox::Endpoint::Orders, unavailable)]);
        answer_first(&bridge.aws, action, usize::MAX, &fault);
        let (received, failed) = bridge.deliver(10).await;
        assert_eq!(received.len(), 2, "{what}");
        assert!(!failed.is_empty(), "{what}");
        let left = bodies(&bridge.aws, QUEUE_URL);
        let dead = bodies(&bridge.aws, DEAD_LETTER_QUEUE_URL);
        assert_eq!((&left | &dead).len(), 2, "{what}");
        assert_bounded(&logged(), action, &what);
    }
}

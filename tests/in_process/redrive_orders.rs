//! `redrive-orders` between the two queues.
//!
//! * `bounds`: limits, deadlines, and when a queue counts as empty.
//! * `faults`: every call fails in every way.
//! * `requests`: filters, discards, and invalid requests.
//! * `concurrency`: other invocations at the same time, new arrivals, and redeliveries.
//! * `logs`: the audit trail, and what is never logged.
//! * `random_faults`: all of it at once, by seed.

mod bounds;
mod concurrency;
mod faults;
mod logs;
mod random_faults;
mod requests;

use std::{collections::BTreeMap, time::Duration};

use fixture::Change;
use integration_tests::{
    aws::{Aws, Fault},
    bridge::{DEAD_LETTER_QUEUE_URL, QUEUE_URL, raw, redrive_orders, until},
    sqs::{QueueSettings, StoredMessage},
};
use redrive_orders::handler::Handler;
use serde_json::{Value, json};
use tokio::time::{Instant, advance};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The timeout of the function in the template.
const TIMEOUT: Duration = Duration::from_secs(900);

/// A receive that the SDK repeats hides from then on for as long as the first one would have.
const REPEATS: Duration = shared::aws::OPERATION_TIMEOUT;

const ORDER_DATE: &str = "2023-10-15T14:30:00Z";

fn account() -> Aws {
    let aws = Aws::default();
    aws.create_queue(QUEUE_URL, QueueSettings::default());
    aws.create_queue(
        DEAD_LETTER_QUEUE_URL,
        QueueSettings {
            visibility: Duration::from_secs(30),
            retention: 14 * DAY,
            ..QueueSettings::default()
        },
    );
    aws
}

/// Adds a dead letter: with a reason as `submit-orders` does, without one as the redrive policy does.
fn add_dead_letter(aws: &Aws, body: &str, reason: Option<&str>) {
    let attributes = reason.map(|reason| {
        [
            ("reason".to_owned(), reason.to_owned()),
            ("detail".to_owned(), format!("why {reason}")),
            ("http_status".to_owned(), "422".to_owned()),
        ]
    });
    let attributes: BTreeMap<_, _> = attributes.into_iter().flatten().collect();
    aws.queues(|queues| queues.send(DEAD_LETTER_QUEUE_URL, body, attributes, None))
        .unwrap();
}

fn body(customer_id: usize) -> String {
    // Not as `fetch-customers` writes it: what is redriven is the same to the byte.
    let customer = fixture::only_id(customer_id).to_string();
    let customer = customer.replacen('{', r#"{ "email":"\u00e9", "#, 1);
    format!(r#"{{"order_date": "{ORDER_DATE}", "customer": {customer} }}"#)
}

/// Adds this many dead letters whose attempts were used up.
fn add_dead_letters(aws: &Aws, count: usize) {
    for id in 0..count {
        add_dead_letter(aws, &body(id), None);
    }
}

async fn invoke(handler: &Handler, input: Value, time: Duration) -> Result<Value, String> {
    let invocation = until(Instant::now() + time);
    let summary = handler.handle(&raw(&input), invocation).await;
    let mut summary = serde_json::to_value(summary.map_err(|error| error.to_string())?).unwrap();
    assert!(
        summary
            .as_object_mut()
            .unwrap()
            .remove("elapsed_ms")
            .unwrap()
            .is_u64()
    );
    assert_adds_up(&summary);
    Ok(summary)
}

async fn redrive(aws: &Aws, input: Value) -> Result<Value, String> {
    invoke(&redrive_orders(aws), input, TIMEOUT).await
}

fn number(summary: &Value, field: &str) -> u64 {
    summary[field].as_u64().unwrap()
}

/// The numbers of a summary.
#[derive(Debug, PartialEq, Eq)]
struct Numbers {
    examined: u64,
    matched: u64,
    redriven: u64,
    discarded: u64,
    left: u64,
    failed: u64,
    undeleted: u64,
    hidden: u64,
}

const ZERO: Numbers = Numbers {
    examined: 0,
    matched: 0,
    redriven: 0,
    discarded: 0,
    left: 0,
    failed: 0,
    undeleted: 0,
    hidden: 0,
};

fn numbers(summary: &Value) -> Numbers {
    let number = |field| number(summary, field);
    Numbers {
        examined: number("examined"),
        matched: number("matched"),
        redriven: number("redriven"),
        discarded: number("discarded"),
        left: number("left"),
        failed: number("failed"),
        undeleted: number("undeleted"),
        hidden: number("hidden"),
    }
}

fn assert_adds_up(summary: &Value) {
    let Numbers {
        examined,
        matched,
        redriven,
        discarded,
        left,
        failed,
        undeleted,
        hidden: _,
    } = numbers(summary);
    assert_eq!(examined, redriven + discarded + left, "{summary}");
    if summary["dry_run"] == true {
        assert_eq!(redriven + discarded + failed, 0, "{summary}");
    } else {
        assert_eq!(matched, redriven + discarded + failed, "{summary}");
    }
    assert!(undeleted <= redriven, "{summary}");
    for counts in ["by_reason", "by_age", "by_order_date"] {
        let counts = summary[counts].as_object().unwrap().values();
        assert_eq!(
            counts.map(|count| count.as_u64().unwrap()).sum::<u64>(),
            matched,
            "{summary}"
        );
    }
}

fn on(aws: &Aws, queue: &str) -> Vec<StoredMessage> {
    aws.queues(|queues| queues.messages(queue))
}

fn bodies(aws: &Aws, queue: &str) -> Vec<String> {
    let mut bodies: Vec<String> = on(aws, queue).into_iter().map(|message| message.body).collect();
    bodies.sort();
    bodies
}

/// How many dead letters there are, of which every one must be visible.
fn visible_dead_letters(aws: &Aws) -> usize {
    let letters = on(aws, DEAD_LETTER_QUEUE_URL);
    assert!(letters.iter().all(|letter| letter.visible_at <= Instant::now()));
    letters.len()
}

#[tokio::test(start_paused = true)]
async fn dry_run_reports_everything_and_changes_nothing() {
    let aws = account();
    add_dead_letter(&aws, &body(1), None);
    advance(9 * DAY).await;
    add_dead_letter(&aws, &body(2), Some("invalid_customer"));
    advance(2 * DAY).await;
    add_dead_letter(
        &aws,
        &body(3).replace("10-15", "10-16"),
        Some("rejected_by_destination"),
    );
    add_dead_letter(&aws, "no JSON", Some("malformed_message"));
    add_dead_letter(&aws, &body(5), Some("expired"));
    add_dead_letter(&aws, &body(6), Some("by hand"));
    advance(Duration::from_secs(60)).await;
    let summary = redrive(&aws, json!({})).await.unwrap();
    let example = |at: usize, reason: &str, customer: Option<(&str, &str)>, date: Option<&str>, age: u64| {
        let (customer_id, order_id) = customer.unzip();
        let detail = (reason != "attempts_used_up").then(|| format!("why {reason}"));
        json!({"message_id": format!("message-{at}"), "reason": reason, "detail": detail, "customer_id": customer_id,
               "order_id": order_id, "order_date": date, "age_secs": age})
    };
    let day = 86_400;
    let mut by_hand = example(
        6,
        "by hand",
        Some(("6", "ORD-20231015-ZEVJ0QG9ZJ1437EJ")),
        Some(ORDER_DATE),
        60,
    );
    by_hand["reason"] = json!("unknown");
    assert_eq!(
        summary,
        json!({
            "action": "redrive", "dry_run": true, "examined": 6, "matched": 6, "redriven": 0, "discarded": 0, "left": 6,
            "failed": 0, "undeleted": 0, "hidden": 0,
            "by_reason": {"attempts_used_up": 1, "expired": 1, "invalid_customer": 1, "malformed_message": 1,
                          "rejected_by_destination": 1, "unknown": 1},
            "by_age": {"under_1_hour": 4, "under_1_day": 0, "under_4_days": 1, "under_10_days": 0, "over_10_days": 1},
            "by_order_date": {"2023-10-15T14:30:00Z": 4, "2023-10-16T14:30:00Z": 1, "none": 1},
            "examples": [
                example(1, "attempts_used_up", Some(("1", "ORD-20231015-EXZV056RS124HCJN")), Some(ORDER_DATE), 11 * day + 60),
                example(2, "invalid_customer", Some(("2", "ORD-20231015-HDV20APW8R5Z87EA")), Some(ORDER_DATE), 2 * day + 60),
                example(3, "rejected_by_destination", Some(("3", "ORD-20231016-KYPGHMHB5WWTVMHY")), Some("2023-10-16T14:30:00Z"), 60),
                example(4, "malformed_message", None, None, 60),
                example(5, "expired", Some(("5", "ORD-20231015-6GQ16BQZVTVHDHJ8")), Some(ORDER_DATE), 60),
                by_hand,
            ],
            "complete": true,
        })
    );
    assert_eq!(visible_dead_letters(&aws), 6);
    assert_eq!(on(&aws, QUEUE_URL).len(), 0);
    for action in ["SendMessageBatch", "DeleteMessageBatch"] {
        assert_eq!(aws.calls(action).len(), 0, "{action}");
    }
}

#[tokio::test(start_paused = true)]
async fn redriven_bodies_are_unchanged_and_without_attributes() {
    let aws = account();
    let mut all = vec![
        format!(
            " {{\"order_date\":\"2023-10-15T14:30:00Z\" ,\n\"customer\":{{\"{}\":\"\\u00e9\\/ é 🦀\"}}}}\t",
            fixture::ID
        ),
        "no JSON, \u{fffd} and \"quotes\"".to_owned(),
        "x".repeat(1_048_576),
    ];
    all.extend((0..40).map(body));
    for (at, body) in all.iter().enumerate() {
        // The largest has no room for attributes: it can only have come through the redrive policy.
        let reason = (body.len() < 1_000 && at % 2 == 0).then_some("invalid_customer");
        add_dead_letter(&aws, body, reason);
    }
    let summary = redrive(&aws, json!({"dry_run": false})).await.unwrap();
    assert_eq!(
        numbers(&summary),
        Numbers {
            examined: 43,
            matched: 43,
            redriven: 43,
            ..ZERO
        }
    );
    assert_eq!(
        (&summary["complete"], &summary["notes"]),
        (&json!(true), &Value::Null)
    );
    all.sort();
    assert_eq!(bodies(&aws, QUEUE_URL), all);
    assert!(
        on(&aws, QUEUE_URL)
            .iter()
            .all(|message| message.attributes.is_empty())
    );
    assert_eq!(on(&aws, DEAD_LETTER_QUEUE_URL).len(), 0);
}

#[tokio::test(start_paused = true)]
async fn large_bodies_are_split_into_several_calls() {
    let aws = account();
    for size in [
        400_000, 600_000, 48_576, 1, 1_048_576, 1_048_575, 1, 500_000, 548_576, 10,
    ] {
        add_dead_letter(&aws, &"x".repeat(size), None);
    }
    let summary = redrive(&aws, json!({"dry_run": false})).await.unwrap();
    assert_eq!(
        numbers(&summary),
        Numbers {
            examined: 10,
            matched: 10,
            redriven: 10,
            ..ZERO
        }
    );
    let sizes: Vec<usize> = aws
        .calls("SendMessageBatch")
        .iter()
        .map(|call| call.input["Entries"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [3, 1, 1, 2, 2, 1]);
}

//! The audit trail, and what is never logged.

use std::sync::LazyLock;

use integration_tests::{
    bridge::{Bridge, REQUEST_ID},
    canaries::canaries,
};
use sandbox::{Answer, Endpoint, Expected, Rule, Settings, customers};

use super::*;
use crate::logs::{LOGGING, lines, logged};

fn events(lines: &[Value], event: &str) -> Vec<Value> {
    let lines = lines.iter().filter(|line| line["event"] == event);
    let mut lines: Vec<Value> = lines.cloned().collect();
    for line in &mut lines {
        line.as_object_mut().unwrap().remove("timestamp");
    }
    lines.sort_by_key(|line| line["message_id"].to_string());
    lines
}

#[tokio::test(start_paused = true)]
async fn discarded_letter_has_a_log_line() {
    LazyLock::force(&LOGGING);
    let aws = account();
    add_dead_letter(&aws, &body(123), Some("invalid_customer"));
    add_dead_letter(&aws, "no JSON", Some("invalid_customer"));
    add_dead_letter(&aws, &body(1), None);
    let mut input = json!({"action": "discard", "reason": "invalid_customer"});
    redrive(&aws, input.clone()).await.unwrap();
    assert_eq!(
        events(&lines(&logged()), "dead_letter_discarded"),
        [Value::Null; 0]
    );
    input["dry_run"] = json!(false);
    redrive(&aws, input).await.unwrap();
    let text = logged();
    // It may quote the destination.
    assert!(!text.contains("why invalid_customer"), "{text}");
    let lines = lines(&text);
    let target = "redrive_orders::log_events";
    assert_eq!(
        events(&lines, "dead_letter_discarded"),
        [
            json!({"level": "INFO", "target": target, "event": "dead_letter_discarded", "message": "dead letter discarded", "message_id": "message-1",
                   "order_date": ORDER_DATE, "customer_id": "123", "order_id": "ORD-20231015-TSKDTY56PWC8QZC3",
                   "reason": "invalid_customer"}),
            json!({"level": "INFO", "target": target, "event": "dead_letter_discarded", "message": "dead letter discarded", "message_id": "message-2",
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
        json!({"level": "INFO", "target": target, "event": "redrive_completed",
               "message": "redrive completed",
               "request_id": REQUEST_ID, "action": "discard",
               "dry_run": false, "examined": 3, "matched": 2, "redriven": 0, "discarded": 2, "left": 1, "failed": 0,
               "undeleted": 0, "hidden": 0, "complete": true})
    );
}

#[tokio::test(start_paused = true)]
async fn discard_is_logged_whatever_the_call_returns() {
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
            add_dead_letter(&aws, &body(id), Some("expired"));
        }
        aws.set_faults(move |call| (call.action == "DeleteMessageBatch").then(|| fault.clone()));
        let input = json!({"action": "discard", "reason": "expired", "dry_run": false});
        let answer = redrive(&aws, input).await;
        let lines = lines(&logged());
        let ids = |event| -> Vec<String> {
            let lines = events(&lines, event).into_iter();
            lines
                .map(|line| line["message_id"].as_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(ids("dead_letter_discarded").len(), 10, "{what}");
        let corrected = ids("dead_letter_not_discarded");
        match answer {
            Ok(summary) => {
                assert_eq!(
                    numbers(&summary),
                    Numbers {
                        examined: 10,
                        matched: 10,
                        discarded: 8,
                        left: 2,
                        failed: 2,
                        ..ZERO
                    }
                );
                assert_eq!(corrected, ["message-1", "message-3"]);
                assert_eq!(visible_dead_letters(&aws), 2);
            }
            Err(error) => {
                assert!(
                    error.starts_with("the discard ended early: dead letters cannot be deleted: "),
                    "{error}"
                );
                assert_eq!(corrected.len(), 10, "{what}");
                let early = events(&lines, "redrive_ended_early");
                assert_eq!(early.len(), 1, "{what}");
                let fields =
                    ["level", "action", "left", "failed", "complete"].map(|field| early[0][field].clone());
                assert_eq!(
                    fields,
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
async fn personal_data_is_in_no_answer_or_log() {
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
    let mut answered = String::new();
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
            Ok(summary) => answered += &summary.to_string(),
            Err(error) => answered += &error,
        }
    }
    // The violation of a personal field: a customer that has no such field has no id either.
    let mut violations =
        customers::generate(300, 5)
            .into_iter()
            .filter_map(|customer| match customer.expected {
                Expected::Rejected { field, .. } => customer.id.map(|_| format!(r#""detail":"{field}"#)),
                Expected::Order(_) => None,
            });
    assert!(
        violations.any(|violation| answered.contains(&violation)),
        "{answered}"
    );
    assert!(answered.contains("ended early"), "{answered}");
    let text = logged() + &answered;
    let canaries = canaries(&bridge.sandbox);
    assert!(canaries.len() > 500, "{}", canaries.len());
    for canary in &canaries {
        assert!(!text.contains(canary), "{canary} was published");
    }
}

#[tokio::test(start_paused = true)]
async fn unreadable_answer_is_not_quoted() {
    LazyLock::force(&LOGGING);
    let aws = account();
    let personal = fixture::message(&fixture::customer().with("/first_name", "Canary"));
    add_dead_letter(&aws, &personal, None);
    aws.set_faults(|call| (call.action == "ReceiveMessage").then_some(Fault::CutAnswer));
    let error = redrive(&aws, json!({})).await.unwrap_err();
    assert!(
        error.contains("the dead-letter queue cannot be read: "),
        "{error}"
    );
    let published = logged() + &error;
    // Neither as text nor as the numbers of its bytes.
    for canary in ["Canary", "67, 97, 110, 97, 114, 121"] {
        assert!(!published.contains(canary), "{published}");
    }
}

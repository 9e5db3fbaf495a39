//! Every call fails in every way.

use super::*;

fn fail_entries(entries: &[usize], sender_fault: bool) -> Fault {
    Fault::FailEntries {
        entries: entries.to_vec(),
        sender_fault,
    }
}

/// Injects a fault into the calls of an action that have these numbers, from 1.
fn inject_fault(aws: &Aws, action: &'static str, numbers: std::ops::RangeInclusive<u64>, fault: Fault) {
    let mut calls = 0;
    aws.set_faults(move |call| {
        calls += u64::from(call.action == action);
        (call.action == action && numbers.contains(&calls)).then(|| fault.clone())
    });
}

const ALWAYS: std::ops::RangeInclusive<u64> = 1..=u64::MAX;

#[tokio::test(start_paused = true)]
async fn letter_not_copied_stays_a_visible_dead_letter() {
    for sender_fault in [false, true] {
        let aws = account();
        add_dead_letters(&aws, 10);
        inject_fault(
            &aws,
            "SendMessageBatch",
            1..=1,
            fail_entries(&[0, 4, 9], sender_fault),
        );
        let summary = redrive(&aws, json!({"dry_run": false})).await.unwrap();
        assert_eq!(
            numbers(&summary),
            Numbers {
                examined: 10,
                matched: 10,
                redriven: 7,
                left: 3,
                failed: 3,
                ..ZERO
            }
        );
        assert_eq!(
            summary["notes"],
            json!(["3 that matched were not redriven: invoke it again"])
        );
        assert_eq!(bodies(&aws, DEAD_LETTER_QUEUE_URL), [body(0), body(4), body(9)]);
        assert_eq!((visible_dead_letters(&aws), on(&aws, QUEUE_URL).len()), (3, 7));
        let summary = redrive(&aws, json!({"dry_run": false})).await.unwrap();
        assert_eq!(
            numbers(&summary),
            Numbers {
                examined: 3,
                matched: 3,
                redriven: 3,
                ..ZERO
            }
        );
    }
}

#[tokio::test(start_paused = true)]
async fn failed_delete_of_one_entry_is_repeated() {
    let aws = account();
    add_dead_letters(&aws, 10);
    inject_fault(&aws, "DeleteMessageBatch", ALWAYS, fail_entries(&[1], false));
    let summary = redrive(&aws, json!({"dry_run": false})).await.unwrap();
    // A batch of ten, and the entry that failed once more, as entry 0.
    assert_eq!(
        numbers(&summary),
        Numbers {
            examined: 10,
            matched: 10,
            redriven: 10,
            ..ZERO
        }
    );
    assert_eq!(aws.calls("DeleteMessageBatch").len(), 2);
}

#[tokio::test(start_paused = true)]
async fn letter_copied_but_not_deleted_is_reported() {
    let aws = account();
    add_dead_letters(&aws, 10);
    inject_fault(&aws, "DeleteMessageBatch", ALWAYS, fail_entries(&[0, 1], false));
    let summary = redrive(&aws, json!({"dry_run": false})).await.unwrap();
    assert_eq!(
        numbers(&summary),
        Numbers {
            examined: 10,
            matched: 10,
            redriven: 10,
            undeleted: 2,
            ..ZERO
        }
    );
    assert_eq!(
        summary["notes"],
        json!([
            "2 were redriven, but may still be dead letters too: invoke it again; a second copy makes no second order"
        ])
    );
    assert_eq!((visible_dead_letters(&aws), on(&aws, QUEUE_URL).len()), (2, 10));
}

#[tokio::test(start_paused = true)]
async fn refused_copy_ends_the_redrive_without_changes() {
    let aws = account();
    aws.set_latency(|| Duration::from_millis(10));
    add_dead_letters(&aws, 100);
    inject_fault(
        &aws,
        "SendMessageBatch",
        ALWAYS,
        Fault::Refuse(400, "AccessDeniedException"),
    );
    let error = redrive(&aws, json!({"dry_run": false})).await.unwrap_err();
    assert!(
        error.starts_with(
            "the redrive ended early: dead letters cannot be sent to the customer queue: AccessDeniedException. 40 dead"
        ),
        "{error}"
    );
    assert!(
        error.ends_with(
            ". 40 dead letters were examined, 0 redriven, 0 discarded; the others are unchanged. Fix the cause, and invoke \
             redrive-orders again. Note: 40 that matched were not redriven: invoke it again"
        ),
        "{error}"
    );
    assert_eq!((visible_dead_letters(&aws), on(&aws, QUEUE_URL).len()), (100, 0));
}

#[tokio::test(start_paused = true)]
async fn refused_delete_ends_the_redrive_and_is_reported() {
    let aws = account();
    add_dead_letters(&aws, 10);
    inject_fault(
        &aws,
        "DeleteMessageBatch",
        ALWAYS,
        Fault::Refuse(400, "AccessDeniedException"),
    );
    let error = redrive(&aws, json!({"dry_run": false})).await.unwrap_err();
    assert!(
        error.starts_with("the redrive ended early: dead letters cannot be deleted: "),
        "{error}"
    );
    assert!(
        error.contains("10 redriven, 0 discarded; ")
            && error.contains("Note: 10 were redriven, but may still be dead letters too"),
        "{error}"
    );
    assert_eq!((visible_dead_letters(&aws), on(&aws, QUEUE_URL).len()), (10, 10));
}

#[tokio::test(start_paused = true)]
async fn refused_receive_ends_the_redrive_with_letters_visible() {
    let aws = account();
    add_dead_letters(&aws, 100);
    inject_fault(
        &aws,
        "ReceiveMessage",
        6..=u64::MAX,
        Fault::Refuse(400, "AccessDeniedException"),
    );
    let error = redrive(&aws, json!({})).await.unwrap_err();
    assert!(error.contains(" 50 dead letters were examined"), "{error}");
    assert!(
        error.contains("the dead-letter queue cannot be read: "),
        "{error}"
    );
    assert_eq!(visible_dead_letters(&aws), 100);
}

#[tokio::test(start_paused = true)]
async fn letter_not_made_visible_is_reported_hidden() {
    for (fault, hidden) in [
        (Fault::Refuse(400, "AccessDeniedException"), 10),
        (fail_entries(&[0, 1, 2], false), 3),
        (Fault::Hang, 10),
    ] {
        let what = format!("{fault:?}");
        let aws = account();
        add_dead_letters(&aws, 10);
        inject_fault(&aws, "ChangeMessageVisibilityBatch", ALWAYS, fault);
        let began = Instant::now();
        let summary = redrive(&aws, json!({})).await.unwrap();
        assert_eq!(
            numbers(&summary),
            Numbers {
                examined: 10,
                matched: 10,
                left: 10,
                hidden,
                ..ZERO
            },
            "{what}"
        );
        assert_eq!(
            summary["notes"],
            json!([format!(
                "{hidden} may become visible again only when the function's timeout is over"
            )])
        );
        tokio::time::sleep_until(began + TIMEOUT + REPEATS).await;
        assert_eq!(visible_dead_letters(&aws), 10, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn hanging_call_is_abandoned_before_the_deadline() {
    for action in ["SendMessageBatch", "DeleteMessageBatch", "ReceiveMessage"] {
        for time in [3, 8, 60, 900].map(Duration::from_secs) {
            let aws = account();
            add_dead_letters(&aws, 10);
            inject_fault(&aws, action, ALWAYS, Fault::Hang);
            let began = Instant::now();
            // Short of time it is cut off, else the SDK gives up: a summary or an error.
            let answer = invoke(&redrive_orders(&aws), json!({"dry_run": false}), time).await;
            assert!(began.elapsed() < time, "{action} {time:?}");
            if let Ok(summary) = answer {
                assert_eq!(summary["complete"], false, "{action} {time:?}: {summary}");
                assert_eq!(
                    summary["notes"][0].as_str().unwrap().split(':').next(),
                    Some("the function's time was nearly up")
                );
            }
            assert_eq!(visible_dead_letters(&aws), 10, "{action} {time:?}");
        }
    }
}

/// Nothing is lost, the answer claims no more than was done, and a repeat finishes the work.
#[tokio::test(start_paused = true)]
async fn any_fault_of_any_call_loses_nothing() {
    let faults = [
        Fault::Refuse(400, "AccessDeniedException"),
        Fault::Refuse(500, "InternalFailure"),
        Fault::Refuse(403, "RequestThrottled"),
        Fault::Hang,
        Fault::LoseAnswer,
        Fault::CutAnswer,
        fail_entries(&[0, 3], false),
        fail_entries(&[1, 9], true),
    ];
    let actions = [
        "ReceiveMessage",
        "SendMessageBatch",
        "DeleteMessageBatch",
        "ChangeMessageVisibilityBatch",
    ];
    let mut errors = 0;
    for (action, fault) in actions
        .iter()
        .flat_map(|action| faults.iter().map(move |fault| (*action, fault)))
    {
        for first in 1..=6 {
            // Once, and too often for the SDK's own repeats.
            for last in [first, first + 5] {
                let what = format!("{action} {first} to {last}: {fault:?}");
                let aws = account();
                for id in 0..45 {
                    add_dead_letter(&aws, &body(id), (id % 3 == 0).then_some("expired"));
                }
                inject_fault(&aws, action, first..=last, fault.clone());
                let input = json!({"reason": "attempts_used_up", "dry_run": false});
                let began = Instant::now();
                let answer = redrive(&aws, input.clone()).await;
                errors += u64::from(answer.is_err());
                let copies = on(&aws, QUEUE_URL).len() as u64;
                if let Ok(summary) = &answer {
                    assert!(number(summary, "redriven") <= copies, "{what}: {summary}");
                    let left = on(&aws, DEAD_LETTER_QUEUE_URL).len() as u64;
                    assert!(number(summary, "left") <= left, "{what}: {summary}");
                }
                let queues = [QUEUE_URL, DEAD_LETTER_QUEUE_URL];
                let [queued, dead] = queues.map(|queue| bodies(&aws, queue));
                for id in 0..45 {
                    let (queued, dead) = (queued.contains(&body(id)), dead.contains(&body(id)));
                    assert!(queued || dead, "{what}: {id} is lost");
                    assert!(
                        id % 3 != 0 || (dead && !queued),
                        "{what}: {id} does not match, but changed"
                    );
                }
                tokio::time::sleep_until(began + TIMEOUT + REPEATS).await;
                assert!(visible_dead_letters(&aws) >= 15, "{what}");
                aws.set_faults(|_| None);
                let again = redrive(&aws, input).await.unwrap();
                assert_eq!(
                    (&again["complete"], visible_dead_letters(&aws)),
                    (&json!(true), 15),
                    "{what}"
                );
                let queued = bodies(&aws, QUEUE_URL);
                let asked_for = (0..45).filter(|id| id % 3 != 0);
                assert!(asked_for.map(body).all(|body| queued.contains(&body)), "{what}");
            }
        }
    }
    assert!(errors > 20, "{errors}");
}

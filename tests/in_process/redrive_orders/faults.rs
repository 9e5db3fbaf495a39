//! Every call fails in every way.

use super::*;

fn fail_entries(entries: &[usize], sender_fault: bool) -> Fault {
    Fault::FailEntries {
        entries: entries.to_vec(),
        sender_fault,
    }
}

/// Lets the calls of an action go wrong that have these numbers, counted from 1.
fn spoil(aws: &Aws, action: &'static str, numbers: std::ops::RangeInclusive<u64>, fault: Fault) {
    let mut calls = 0;
    aws.set_faults(move |call| {
        calls += u64::from(call.action == action);
        (call.action == action && numbers.contains(&calls)).then(|| fault.clone())
    });
}

const ALWAYS: std::ops::RangeInclusive<u64> = 1..=u64::MAX;

#[tokio::test(start_paused = true)]
async fn what_was_not_copied_is_still_a_dead_letter_and_visible() {
    for sender_fault in [false, true] {
        let aws = account();
        lay_down_many(&aws, 10);
        spoil(
            &aws,
            "SendMessageBatch",
            1..=1,
            fail_entries(&[0, 4, 9], sender_fault),
        );
        let summary = redrive(&aws, json!({"dry_run": false})).await.unwrap();
        assert_eq!(numbers(&summary), [10, 10, 7, 0, 3, 3, 0, 0]);
        assert_eq!(
            summary["notes"],
            json!(["3 that matched are still dead letters: invoke it again"])
        );
        assert_eq!(bodies(&aws, DEAD_LETTER_QUEUE_URL), [body(0), body(4), body(9)]);
        assert_eq!((visible_dead_letters(&aws), on(&aws, QUEUE_URL).len()), (3, 7));
        let summary = redrive(&aws, json!({"dry_run": false})).await.unwrap();
        assert_eq!(numbers(&summary), [3, 3, 3, 0, 0, 0, 0, 0]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_copied_but_not_deleted_is_said_to_be_there_twice() {
    let aws = account();
    lay_down_many(&aws, 10);
    spoil(&aws, "DeleteMessageBatch", ALWAYS, fail_entries(&[1], false));
    let summary = redrive(&aws, json!({"dry_run": false})).await.unwrap();
    // A batch of ten, and the one that failed once more, at its place 0.
    assert_eq!(numbers(&summary), [10, 10, 10, 0, 0, 0, 0, 0]);
    assert_eq!(aws.calls("DeleteMessageBatch").len(), 2);

    let aws = account();
    lay_down_many(&aws, 10);
    spoil(&aws, "DeleteMessageBatch", ALWAYS, fail_entries(&[0, 1], false));
    let summary = redrive(&aws, json!({"dry_run": false})).await.unwrap();
    assert_eq!(numbers(&summary), [10, 10, 10, 0, 0, 0, 2, 0]);
    assert_eq!(
        summary["notes"],
        json!([
            "2 are on the customer queue, but may be dead letters too: invoke it again; a second copy makes no second \
                order"
        ])
    );
    assert_eq!((visible_dead_letters(&aws), on(&aws, QUEUE_URL).len()), (2, 10));
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_takes_nothing_ends_it_with_everything_where_it_was() {
    let aws = account();
    aws.set_latency(|| Duration::from_millis(10));
    lay_down_many(&aws, 100);
    spoil(
        &aws,
        "SendMessageBatch",
        ALWAYS,
        Fault::Refuse(400, "AccessDeniedException"),
    );
    let error = redrive(&aws, json!({"dry_run": false})).await.unwrap_err();
    assert!(
        error.starts_with(
            "the redrive ended early, with 40 dead letters looked at, 0 redriven and 0 discarded: the \
                           customer queue takes no messages: "
        ),
        "{error}"
    );
    assert!(
        error.contains("takes no messages: AccessDeniedException. The others"),
        "{error}"
    );
    assert!(
        error.contains(". The others are where they were; invoke it again when the cause is mended. Note: 40 that matched \
                        are still dead letters"),
        "{error}"
    );
    assert_eq!((visible_dead_letters(&aws), on(&aws, QUEUE_URL).len()), (100, 0));
}

#[tokio::test(start_paused = true)]
async fn dead_letters_that_cannot_be_deleted_end_it_and_are_said_to_be_there_twice() {
    let aws = account();
    lay_down_many(&aws, 10);
    spoil(
        &aws,
        "DeleteMessageBatch",
        ALWAYS,
        Fault::Refuse(400, "AccessDeniedException"),
    );
    let error = redrive(&aws, json!({"dry_run": false})).await.unwrap_err();
    assert!(
        error.contains("10 redriven and 0 discarded: dead letters cannot be deleted: "),
        "{error}"
    );
    assert!(
        error.contains("Note: 10 are on the customer queue, but may be dead letters too"),
        "{error}"
    );
    assert_eq!((visible_dead_letters(&aws), on(&aws, QUEUE_URL).len()), (10, 10));
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_queue_that_cannot_be_read_is_an_error_and_what_was_received_is_visible() {
    let aws = account();
    lay_down_many(&aws, 100);
    spoil(
        &aws,
        "ReceiveMessage",
        6..=u64::MAX,
        Fault::Refuse(400, "AccessDeniedException"),
    );
    let error = redrive(&aws, json!({})).await.unwrap_err();
    assert!(error.contains("with 50 dead letters looked at"), "{error}");
    assert!(
        error.contains("the dead-letter queue cannot be read: "),
        "{error}"
    );
    assert_eq!(visible_dead_letters(&aws), 100);
}

#[tokio::test(start_paused = true)]
async fn where_nothing_can_be_made_visible_the_deadline_does_it_and_the_summary_says_so() {
    for (fault, hidden) in [
        (Fault::Refuse(400, "AccessDeniedException"), 10),
        (fail_entries(&[0, 1, 2], false), 3),
        (Fault::Hang, 10),
    ] {
        let what = format!("{fault:?}");
        let aws = account();
        lay_down_many(&aws, 10);
        spoil(&aws, "ChangeMessageVisibilityBatch", ALWAYS, fault);
        let began = Instant::now();
        let summary = redrive(&aws, json!({})).await.unwrap();
        assert_eq!(numbers(&summary), [10, 10, 0, 0, 10, 0, 0, hidden], "{what}");
        assert_eq!(
            summary["notes"],
            json!([format!(
                "{hidden} may be visible again only when the function's time-out is over"
            )])
        );
        tokio::time::sleep_until(began + TIMEOUT + REPEATS).await;
        assert_eq!(visible_dead_letters(&aws), 10, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_not_answered_in_time_is_given_up_before_the_deadline() {
    for action in ["SendMessageBatch", "DeleteMessageBatch", "ReceiveMessage"] {
        for time in [3, 8, 60, 900].map(Duration::from_secs) {
            let aws = account();
            lay_down_many(&aws, 10);
            spoil(&aws, action, ALWAYS, Fault::Hang);
            let began = Instant::now();
            // Short of time it is cut off, else the SDK gives up: a summary or an error.
            let answer = invoke(&redrive_orders(&aws), json!({"dry_run": false}), time).await;
            assert!(began.elapsed() < time, "{action} {time:?}");
            if let Ok(summary) = answer {
                assert_eq!(summary["complete"], false, "{action} {time:?}: {summary}");
                assert_eq!(
                    summary["notes"][0].as_str().unwrap().split(':').next(),
                    Some("its time was nearly up")
                );
            }
            assert_eq!(visible_dead_letters(&aws), 10, "{action} {time:?}");
        }
    }
}

/// Whatever goes wrong with one call, at whatever place: nothing is lost, the answer is not better than the truth, and
/// a repeat finishes the work.
#[tokio::test(start_paused = true)]
async fn any_fault_of_any_call_at_any_place_loses_nothing_and_a_repeat_finishes() {
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
                    lay_down(&aws, &body(id), (id % 3 == 0).then_some("expired"));
                }
                spoil(&aws, action, first..=last, fault.clone());
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
                        "{what}: {id} was not to be touched"
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

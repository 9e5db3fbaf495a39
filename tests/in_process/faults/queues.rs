//! The two queues: what is dead-lettered, and what comes back when.

use super::*;

#[tokio::test]
async fn rejected_message_is_acknowledged_after_confirmed_copy() {
    for fault in [
        Fault::Refuse(400, "AccessDeniedException"),
        Fault::Refuse(500, "InternalFailure"),
        Fault::LoseAnswer,
    ] {
        let bridge = bridge().await;
        let what = format!("{fault:?}");
        bridge
            .aws
            .set_faults(move |call| (call.action == "SendMessage").then(|| fault.clone()));
        bridge.enqueue(["no JSON".to_owned()]);
        assert_eq!(bridge.deliver(1).await.1, ["message-1"], "{what}");
        let hidden = visibilities(&bridge);
        assert!((15..=30).contains(&hidden[0]), "{what}: {hidden:?}");
    }
}

#[tokio::test]
async fn visibilities_that_cannot_be_set_change_nothing_else() {
    for fault in [
        Fault::Refuse(500, "InternalFailure"),
        Fault::FailEntries {
            entries: vec![0, 2],
            sender_fault: true,
        },
        Fault::FailEntries {
            entries: vec![1],
            sender_fault: false,
        },
    ] {
        let bridge = bridge().await;
        let what = format!("{fault:?}");
        let mut calls = 0;
        bridge.aws.set_faults(move |call| {
            calls += u64::from(call.action == "ChangeMessageVisibilityBatch");
            (call.action == "ChangeMessageVisibilityBatch" && calls <= 4).then(|| fault.clone())
        });
        bridge.sandbox.set_faults([on_orders(Answer::status(503))]);
        bridge.enqueue((1..=3).map(message));
        assert_eq!(
            bridge.deliver(10).await.1,
            ["message-1", "message-2", "message-3"],
            "{what}"
        );
    }
}

#[tokio::test]
async fn visibilities_are_set_in_tens_with_retry() {
    let bridge = Bridge::start(Settings::default(), |environment| {
        environment.with("MAX_IN_FLIGHT", "1")
    })
    .await;
    let mut calls = 0;
    bridge.aws.set_faults(move |call| {
        calls += u64::from(call.action == "ChangeMessageVisibilityBatch");
        (calls == 1).then(|| Fault::FailEntries {
            entries: vec![3],
            sender_fault: false,
        })
    });
    bridge.sandbox.set_faults([on_orders(Answer::status(503))]);
    bridge.enqueue((1..=23).map(message));
    bridge.deliver(23).await;
    let mut sizes: Vec<usize> = bridge
        .aws
        .calls("ChangeMessageVisibilityBatch")
        .iter()
        .map(|call| call.input["Entries"].as_array().unwrap().len())
        .collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [1, 3, 10, 10]);
}

#[tokio::test]
async fn message_before_end_of_retention_is_dead_lettered() {
    let retention = 4 * 24 * 3600;
    for (age, expired) in [
        (retention - 15 * 60 - 40, false),
        (retention - 15 * 60 - 10, true),
    ] {
        let bridge = bridge().await;
        bridge.sandbox.set_faults([on_orders(Answer::status(503))]);
        bridge.enqueue([message(1)]);
        pass(Duration::from_secs(age)).await;
        let (received, failed) = bridge.deliver(1).await;
        assert_eq!((received.len(), failed.is_empty()), (1, expired));
        let letters = bridge.dead_letters();
        assert_eq!(letters.len(), usize::from(expired));
        for letter in letters {
            assert_eq!(letter.body, message(1));
            assert_eq!(letter.attributes["reason"], "expired");
            assert_eq!(letter.attributes["http_status"], "503");
            assert_eq!(letter.attributes["order_id"], "ORD-20231015-EXZV056RS124HCJN");
            assert_eq!(
                letter.attributes["detail"],
                "the queue's retention ends before another attempt; the last one: the destination answered 503 Service \
                 Unavailable: Service Unavailable: as a rule of the sandbox says"
            );
        }
    }
}

#[tokio::test]
async fn rejected_message_before_end_of_retention_keeps_its_reason() {
    let malformed = || "no JSON".to_owned();
    for (body, reason, status) in [
        (malformed(), "malformed_message", None),
        (message(1), "rejected_by_destination", Some("422")),
    ] {
        let letter = async |failures: u64, age: u64| {
            let bridge = bridge().await;
            let mut calls = 0;
            bridge.aws.set_faults(move |call| {
                calls += u64::from(call.action == "SendMessage");
                (call.action == "SendMessage" && calls <= failures)
                    .then_some(Fault::Refuse(400, "AccessDeniedException"))
            });
            bridge.sandbox.set_faults([on_orders(Answer::status(422))]);
            bridge.enqueue([body.clone()]);
            pass(Duration::from_secs(age)).await;
            assert_eq!(bridge.deliver(1).await.1, [""; 0]);
            bridge.dead_letters().pop().unwrap()
        };
        let retention = 4 * 24 * 3600;
        let (early, late) = (letter(0, 0).await, letter(1, retention - 15 * 60).await);
        assert_eq!(late.attributes["reason"], reason);
        assert_eq!(late.attributes.get("http_status").map(String::as_str), status);
        assert_eq!((late.body, late.attributes), (early.body, early.attributes));
    }
}

#[tokio::test]
async fn message_too_large_for_attributes_stays_queued() {
    let bridge = bridge().await;
    bridge.enqueue(["x".repeat(1_048_576)]);
    assert_eq!(bridge.deliver(1).await.1, ["message-1"]);
    assert_eq!(bridge.dead_letters().len(), 0);
}

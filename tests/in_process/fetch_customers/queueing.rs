//! Customers become messages.

use super::*;

#[tokio::test]
async fn every_message_carries_the_runs_trace() {
    let bridge = bridge(source(3, 0)).await;
    let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    let invocation = Invocation {
        trace_header: Some(header),
        ..until(Instant::now() + MAX_RUN_TIMEOUT)
    };
    bridge
        .fetch
        .handle(&raw(&json!({"order_date": ORDER_DATE})), invocation)
        .await
        .unwrap();
    for message in bridge.waiting() {
        assert_eq!(message.trace_header.as_deref(), Some(header));
    }
}

#[tokio::test]
async fn failed_entries_are_sent_again() {
    let bridge = bridge(source(25, 0)).await;
    let mut calls = 0;
    bridge.aws.set_faults(move |call| {
        calls += u64::from(call.action == "SendMessageBatch");
        (calls == 1).then(|| Fault::FailEntries {
            entries: vec![0, 4, 9],
            sender_fault: false,
        })
    });
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!(
        (run.progress.fetched, run.progress.enqueued, run.progress.rejected),
        (25, 25, 0)
    );
    assert_eq!(bodies(&bridge).iter().collect::<HashSet<_>>().len(), 25);
    let sizes: Vec<usize> = bridge
        .aws
        .calls("SendMessageBatch")
        .iter()
        .map(|call| call.input["Entries"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [10, 10, 5, 3]);
}

#[tokio::test]
async fn entry_refused_by_sqs_is_rejected() {
    let bridge = bridge(source(25, 0)).await;
    let mut calls = 0;
    bridge.aws.set_faults(move |call| {
        calls += u64::from(call.action == "SendMessageBatch");
        (calls == 2).then(|| Fault::FailEntries {
            entries: vec![1],
            sender_fault: true,
        })
    });
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!(
        (run.progress.fetched, run.progress.enqueued, run.progress.rejected),
        (25, 24, 1)
    );
    assert_eq!(bodies(&bridge).len(), 24);
}

#[tokio::test(start_paused = true)]
async fn unavailable_queue_ends_the_run_early() {
    let bridge = bridge(source(25, 0)).await;
    bridge.aws.set_faults(|call| {
        let fails = call.action == "SendMessageBatch";
        fails.then(|| Fault::FailEntries {
            entries: (0..10).collect(),
            sender_fault: false,
        })
    });
    let error = bridge
        .run(json!({"order_date": ORDER_DATE}))
        .await
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "the run of 2023-10-15T14:30:00Z ended early, with 0 customers enqueued: 25 customers could not be enqueued in \
         5 attempts, the last time because of InternalError. Run it again with the same order_date: \
         no order is created twice"
    );
}

#[tokio::test]
async fn characters_refused_by_sqs_are_escaped() {
    let customer = only_id("1").with("/note", "\u{fffe}\u{ffff}\t").to_string();
    assert!(customer.contains(['\u{fffe}', '\u{ffff}']));
    let bridge = bridge(Settings {
        customers: Customers::Given([customer.clone()].into()),
        ..Settings::default()
    })
    .await;
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!((run.progress.enqueued, run.progress.rejected), (1, 0));
    let body: Value = serde_json::from_str(&bodies(&bridge)[0]).unwrap();
    assert_eq!(
        body["customer"],
        serde_json::from_str::<Value>(&customer).unwrap()
    );
}

#[tokio::test]
async fn calls_in_flight_are_limited() {
    let bridge = bridge(source(500, 0)).await;
    // Before and after each call: the first of all answers comes when no more calls are begun.
    bridge.aws.set_latency(|| Duration::from_millis(20));
    tokio::time::pause();
    let began = Instant::now();
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!(run.progress.enqueued, 500);
    // The secret, and then 50 calls in 4 rounds of 16.
    assert_eq!(began.elapsed().as_millis() / 40, 1 + 4);
}

#[tokio::test]
async fn batch_is_filled_by_count_and_bytes() {
    let customer = |id: usize, bytes: usize| only_id(id).with("/note", "x".repeat(bytes));
    let customers: Vec<String> = (0..30)
        .map(|id| customer(id, if id % 10 == 9 { 10 } else { 200_000 }).to_string())
        .collect();
    let bridge = bridge(Settings {
        customers: Customers::Given(customers.into()),
        ..Settings::default()
    })
    .await;
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!((run.progress.fetched, run.progress.enqueued), (30, 30));
    // Five of 200 kB fill a MiB; a small one fits beside them.
    assert_eq!(bridge.aws.calls("SendMessageBatch").len(), 6);
}

#[tokio::test(start_paused = true)]
async fn failing_sqs_loses_no_customer_and_no_count() {
    let (mut ended_early, mut sent_twice) = (0, 0);
    for seed in 0..60 {
        let bridge = bridge(source(137, 40)).await;
        let mut random = fastrand::Rng::with_seed(seed);
        let mut pause = random.fork();
        bridge
            .aws
            .set_latency(move || Duration::from_millis(pause.u64(0..300)));
        let trouble = random.u8(10..=45);
        bridge.aws.set_faults(move |call| {
            if call.action != "SendMessageBatch" || random.u8(0..100) >= trouble {
                return None;
            }
            Some(match random.u8(0..7) {
                0 => Fault::Refuse(500, "InternalError"),
                1 => Fault::Refuse(403, "RequestThrottled"),
                2 => Fault::Hang,
                3 => Fault::LoseAnswer,
                _ => Fault::FailEntries {
                    entries: (0..10).filter(|_| random.bool()).collect(),
                    sender_fault: false,
                },
            })
        });
        let run = loop {
            match bridge.run(json!({"order_date": ORDER_DATE})).await {
                Ok(run) => break run,
                Err(error) => {
                    ended_early += 1;
                    // The error reports no more than what is there.
                    let text = error.to_string();
                    let reported = text.split("with ").nth(1).unwrap().split(' ').next().unwrap();
                    assert!(
                        bodies(&bridge).len() >= reported.parse::<usize>().unwrap(),
                        "{text}"
                    );
                    assert!(text.contains("could not be enqueued"), "{text}");
                }
            }
        };
        assert_eq!(
            (
                run.progress.fetched,
                run.progress.enqueued,
                run.progress.skipped,
                run.progress.rejected
            ),
            (137, 137, 0, 0)
        );
        let bodies = bodies(&bridge);
        assert_eq!(bodies.iter().collect::<HashSet<_>>().len(), 137, "seed {seed}");
        sent_twice += bodies.len() - 137;
    }
    assert!(ended_early > 0 && sent_twice > 0, "{ended_early} {sent_twice}");
}

//! Customers become messages.

use super::*;

#[tokio::test]
async fn the_runs_trace_goes_with_every_message() {
    let bridge = bridge(source(3, 0)).await;
    let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    let invocation = Invocation {
        deadline: Instant::now() + LONGEST_RUN,
        trace_header: Some(header),
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
async fn entries_that_sqs_failed_to_take_are_sent_again() {
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
    assert_eq!((run.fetched, run.enqueued, run.rejected), (25, 25, 0));
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
async fn what_sqs_refuses_for_good_is_counted_as_rejected_and_the_run_goes_on() {
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
    assert_eq!((run.fetched, run.enqueued, run.rejected), (25, 24, 1));
    assert_eq!(bodies(&bridge).len(), 24);
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_takes_nothing_ends_the_run_and_says_how_far_it_came() {
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
        "the run of 2023-10-15T14:30:00Z ended early, with 0 customers enqueued: 25 customers could not be put on \
         the queue in 5 attempts, the last time because of InternalError. Run it again with the same order_date: \
         no order is made twice"
    );
}

#[tokio::test]
async fn a_customer_too_large_for_a_message_is_rejected_and_the_run_goes_on() {
    let customer = |id: u64, bytes: usize| json!({"customer_id": id, "note": "x".repeat(bytes)});
    // The largest that leaves 16 KiB of a message free for a dead letter's attributes, and one byte more.
    let frame = format!(r#"{{"order_date":"{ORDER_DATE}","customer":{}}}"#, customer(1, 0)).len();
    let most = 1_048_576 - 16_384 - frame;
    let bridge = bridge(Settings {
        customers: given([
            customer(1, most),
            customer(2, most + 1),
            customer(3, 1),
            customer(4, most),
        ]),
        ..Settings::default()
    })
    .await;
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!((run.fetched, run.enqueued, run.rejected), (4, 3, 1));
    let lengths: Vec<usize> = bodies(&bridge).iter().map(String::len).collect();
    assert_eq!(lengths, [1_032_192, frame + 1, 1_032_192]);
}

#[tokio::test]
async fn characters_that_sqs_refuses_are_escaped_and_the_value_stays_the_same() {
    let customer = r#"{"customer_id": "1", "note": "￾￿	"}"#.replace('\t', "\\t");
    assert!(customer.contains(['\u{fffe}', '\u{ffff}']));
    let bridge = bridge(Settings {
        customers: Customers::Given([customer.clone()].into()),
        ..Settings::default()
    })
    .await;
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!((run.enqueued, run.rejected), (1, 0));
    let body: Value = serde_json::from_str(&bodies(&bridge)[0]).unwrap();
    assert_eq!(
        body["customer"],
        serde_json::from_str::<Value>(&customer).unwrap()
    );
}

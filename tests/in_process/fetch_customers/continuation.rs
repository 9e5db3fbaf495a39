//! A run that takes longer than one invocation.

use super::*;

/// Each page takes ten seconds.
async fn slow_bridge(settings: Settings) -> Bridge {
    let bridge = bridge(settings).await;
    bridge
        .sandbox
        .set_faults([Rule::on(Endpoint::Customers, sandbox::Action::Pass).latency_ms(10_000)]);
    bridge
}

/// Does what Lambda does, with a minute for each invocation: the last summary, and how many it took.
async fn run_through(bridge: &Bridge, input: Value) -> (Value, usize) {
    let mut input = input;
    for invocation in 1.. {
        let run = bridge.run_within(Duration::from_secs(60), input).await.unwrap();
        let calls = bridge.aws.calls("Invoke");
        assert_eq!(run.continued, calls.len() == invocation);
        assert_eq!(
            run.progress.fetched,
            run.progress.enqueued + run.progress.skipped + run.progress.rejected
        );
        let Some(call) = calls.into_iter().nth(invocation - 1) else {
            assert!(run.progress.elapsed_ms >= 10_000 * run.progress.pages, "{run:?}");
            return (summary(&run), invocation);
        };
        assert_eq!(call.input["FunctionName"], FETCH_CUSTOMERS);
        assert_eq!(call.input["InvocationType"], "Event");
        input = call.input["Payload"].clone();
    }
    unreachable!()
}

#[tokio::test(start_paused = true)]
async fn long_run_continues_and_reports_totals() {
    let bridge = slow_bridge(source(58, 5)).await;
    let (summary, invocations) = run_through(&bridge, json!({"order_date": ORDER_DATE})).await;
    assert_eq!(
        summary,
        json!({"order_date": ORDER_DATE, "pages": 12, "fetched": 58, "enqueued": 58, "skipped": 0, "rejected": 0,
               "repeated": 0, "dry_run": false, "continued": false})
    );
    assert_eq!(invocations, 4);
    assert_eq!(bridge.sandbox.counters().source_requests, 12);
    let expected: Vec<String> = customers::generate(58, 7)
        .iter()
        .map(|customer| format!(r#"{{"order_date":"{ORDER_DATE}","customer":{}}}"#, customer.json))
        .collect();
    assert_eq!(bodies(&bridge), expected);
}

#[tokio::test(start_paused = true)]
async fn input_holds_for_all_invocations() {
    let bridge = slow_bridge(source(58, 5)).await;
    let ids = ["100000", "100030", "100057", "gone"];
    let (summary, invocations) = run_through(
        &bridge,
        json!({"order_date": ORDER_DATE, "customer_ids": ids, "limit": 9, "dry_run": true}),
    )
    .await;
    assert_eq!(
        summary,
        json!({"order_date": ORDER_DATE, "pages": 12, "fetched": 58, "enqueued": 3, "skipped": 55, "rejected": 0,
               "repeated": 0, "missing_customer_ids": ["gone"], "dry_run": true, "continued": false,
               "would_be_rejected": 0, "violations": {}, "examples": []})
    );
    assert_eq!((invocations, bodies(&bridge).len()), (4, 0));
    let bridge = slow_bridge(source(58, 5)).await;
    let (summary, invocations) = run_through(&bridge, json!({"order_date": ORDER_DATE, "limit": 33})).await;
    assert_eq!((&summary["pages"], &summary["enqueued"]), (&json!(7), &json!(33)));
    assert_eq!((invocations, bodies(&bridge).len()), (3, 33));
}

#[tokio::test(start_paused = true)]
async fn unsent_messages_prevent_a_continuation() {
    let bridge = slow_bridge(source(58, 5)).await;
    bridge.aws.set_faults(|call| {
        (call.action == "SendMessageBatch").then_some(Fault::FailEntries {
            entries: (0..10).collect(),
            sender_fault: false,
        })
    });
    bridge
        .run_within(Duration::from_secs(60), json!({"order_date": ORDER_DATE}))
        .await
        .unwrap_err();
    assert!(bridge.aws.calls("Invoke").is_empty());
}

#[tokio::test(start_paused = true)]
async fn failed_continuation_ends_the_run_early() {
    let bridge = slow_bridge(source(58, 5)).await;
    bridge
        .aws
        .set_faults(|call| (call.action == "Invoke").then_some(Fault::Refuse(403, "AccessDeniedException")));
    let error = bridge
        .run_within(Duration::from_secs(60), json!({"order_date": ORDER_DATE}))
        .await
        .unwrap_err()
        .to_string();
    let expected =
        "with 15 customers enqueued: the function could not invoke itself, to continue with page 4: ";
    assert!(error.contains(expected), "{error}");
    assert!(error.contains("AccessDeniedException"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn run_with_too_many_invocations_ends_early() {
    let bridge = slow_bridge(source(58, 5)).await;
    let input = json!({"order_date": ORDER_DATE, "totals": {"invocations": 96, "pages": 7000}});
    let error = bridge
        .run_within(Duration::from_secs(60), input)
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("from page 7004 on"), "{error}");
    assert!(bridge.aws.calls("Invoke").is_empty());
}

#[tokio::test]
async fn page_url_must_be_on_the_sources_origin() {
    let bridge = bridge(source(25, 10)).await;
    let page_url = format!("{}?page=3", bridge.sandbox.customers_url());
    let run = bridge
        .run(json!({"order_date": ORDER_DATE, "page_url": page_url}))
        .await
        .unwrap();
    assert_eq!((run.progress.pages, run.progress.fetched), (1, 5));
    for elsewhere in [
        "https://elsewhere.example.com/customers?page=2".to_owned(),
        bridge.sandbox.customers_url().replace("http:", "https:"),
        bridge.sandbox.customers_url().replace("127.0.0.1", "localhost"),
    ] {
        let error = bridge
            .run(json!({"order_date": ORDER_DATE, "page_url": elsewhere}))
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains("page_url is on another origin, "), "{error}");
    }
    assert_eq!(bridge.sandbox.counters().source_requests, 1);
    assert_eq!(bridge.aws.calls("GetSecretValue").len(), 1);
}

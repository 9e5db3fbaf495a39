//! What `fetch-customers` counts and measures.

use ::fetch_customers::{run::Summary, stats::metric};

use super::*;

pub(super) use metric::ALL;

const CUSTOMERS: [&str; 5] = [
    "CustomersFetched",
    "CustomersEnqueued",
    "CustomersSkipped",
    "CustomersRejected",
    "SourcePages",
];

async fn bridge(count: u64, page_size: u64) -> Bridge {
    let settings = Settings {
        customers: customers::generate(count, 7).into(),
        page_size,
        ..Settings::default()
    };
    Bridge::start(settings, |environment| environment).await
}

/// Does what Lambda does with a source whose pages take ten seconds each, with a minute for each invocation: the last
/// summary, and how many it took.
async fn run_through(bridge: &Bridge, mut input: Value) -> (Summary, usize) {
    bridge
        .sandbox
        .set_faults([Rule::on(Endpoint::Customers, sandbox::Action::Pass).latency_ms(10_000)]);
    loop {
        let run = bridge.run_within(Duration::from_secs(60), input).await.unwrap();
        let calls = bridge.aws.calls("Invoke");
        if !run.continued {
            return (run, calls.len() + 1);
        }
        input = calls.last().unwrap().input["Payload"].clone();
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_of_several_invocations_counts_each_customer_once_and_is_one_run() {
    let bridge = bridge(58, 5).await;
    let (run, invocations) = run_through(&bridge, json!({"order_date": ORDER_DATE})).await;
    let lines = bridge.aws.console().metrics();
    assert_eq!((lines.len(), invocations), (4, 4));
    assert_eq!(sums(&lines, CUSTOMERS), [58.0, 58.0, 0.0, 0.0, 12.0]);
    assert_eq!(lines[3].values("RunCompleted"), [1.0]);
    assert_eq!(lines[3].values("RunDuration"), [number(run.elapsed_ms)]);
    for line in &lines[..3] {
        assert_eq!(line.values("SourcePages"), [3.0]);
        assert_eq!(line.metrics.len(), CUSTOMERS.len());
    }
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_is_in_no_metric_however_it_ends() {
    let bridge = bridge(58, 5).await;
    let input = json!({"order_date": ORDER_DATE, "dry_run": true});
    let (run, invocations) = run_through(&bridge, input.clone()).await;
    assert_eq!((run.enqueued, invocations), (58, 4));
    bridge
        .sandbox
        .set_faults([Rule::on(Endpoint::Customers, Answer::status(404))]);
    bridge.run(input).await.unwrap_err();
    assert_eq!(bridge.aws.console().text(), "");
}

#[tokio::test]
async fn a_run_of_chosen_customers_counts_them_and_is_no_run_over_all() {
    for (chosen, expected) in [
        (
            json!({"customer_ids": [100_003, "gone"]}),
            [25.0, 1.0, 24.0, 0.0, 3.0],
        ),
        (json!({"limit": 12}), [12.0, 12.0, 0.0, 0.0, 2.0]),
    ] {
        let bridge = bridge(25, 10).await;
        let mut input = chosen;
        input["order_date"] = json!(ORDER_DATE);
        bridge.run(input.clone()).await.unwrap();
        let lines = bridge.aws.console().metrics();
        assert_eq!(sums(&lines, CUSTOMERS), expected);
        bridge
            .sandbox
            .set_faults([Rule::on(Endpoint::Customers, Answer::status(404))]);
        bridge.run(input).await.unwrap_err();
        let lines = bridge.aws.console().metrics();
        assert_eq!(lines.len(), 2);
        assert_eq!(values(&lines, "RunCompleted"), [] as [f64; 0]);
        assert_eq!(values(&lines, "RunDuration"), [] as [f64; 0]);
    }
}

#[tokio::test]
async fn a_run_that_ends_early_counts_as_far_as_it_came_and_is_not_completed() {
    let bridge = bridge(25, 10).await;
    bridge
        .sandbox
        .set_faults([Rule::on(Endpoint::Customers, Answer::status(404)).calls(3..)]);
    let error = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap_err();
    assert_eq!(
        lambda_runtime::Diagnostic::from(error).error_type,
        "RunEndedEarly"
    );
    let lines = bridge.aws.console().metrics();
    assert_eq!(lines.len(), 1);
    assert_eq!(sums(&lines, CUSTOMERS), [20.0, 20.0, 0.0, 0.0, 2.0]);
    assert_eq!(values(&lines, "RunCompleted"), [0.0]);
    assert_eq!(values(&lines, "RunDuration"), [] as [f64; 0]);
}

#[tokio::test]
async fn an_input_that_is_no_run_is_in_no_metric() {
    let bridge = bridge(1, 0).await;
    let error = bridge.run(json!({"order_date": "yesterday"})).await.unwrap_err();
    assert_eq!(
        lambda_runtime::Diagnostic::from(error).error_type,
        "InvalidRunInput"
    );
    assert_eq!(bridge.aws.console().text(), "");
}

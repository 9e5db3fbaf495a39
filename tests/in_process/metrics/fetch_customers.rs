//! What `fetch-customers` counts and measures.

use ::fetch_customers::run::Summary;

use super::*;

/// The sums of the counts.
#[derive(Debug, PartialEq)]
struct Counts {
    fetched: f64,
    enqueued: f64,
    skipped: f64,
    rejected: f64,
    pages: f64,
}

impl Counts {
    /// How many metrics that is.
    const METRICS: usize = 5;

    fn of(lines: &[Line]) -> Self {
        Self {
            fetched: sum(lines, "CustomersFetched"),
            enqueued: sum(lines, "CustomersEnqueued"),
            skipped: sum(lines, "CustomersSkipped"),
            rejected: sum(lines, "CustomersRejected"),
            pages: sum(lines, "SourcePages"),
        }
    }

    /// All customers that were read are enqueued.
    fn all_enqueued(customers: f64, pages: f64) -> Self {
        Self {
            fetched: customers,
            enqueued: customers,
            skipped: 0.0,
            rejected: 0.0,
            pages,
        }
    }
}

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
async fn continued_run_counts_each_customer_once() {
    let bridge = bridge(58, 5).await;
    let (run, invocations) = run_through(&bridge, json!({"order_date": ORDER_DATE})).await;
    let lines = bridge.aws.console().metrics();
    assert_eq!((lines.len(), invocations), (4, 4));
    assert_eq!(Counts::of(&lines), Counts::all_enqueued(58.0, 12.0));
    assert_eq!(lines[3].values("RunCompleted"), [1.0]);
    assert_eq!(lines[3].values("RunDuration"), [number(run.progress.elapsed_ms)]);
    for line in &lines[..3] {
        assert_eq!(line.values("SourcePages"), [3.0]);
        assert_eq!(line.metrics.len(), Counts::METRICS);
    }
}

#[tokio::test(start_paused = true)]
async fn dry_run_publishes_no_metrics() {
    let bridge = bridge(58, 5).await;
    let input = json!({"order_date": ORDER_DATE, "dry_run": true});
    let (run, invocations) = run_through(&bridge, input.clone()).await;
    assert_eq!((run.progress.enqueued, invocations), (58, 4));
    bridge
        .sandbox
        .set_faults([Rule::on(Endpoint::Customers, Answer::status(404))]);
    bridge.run(input).await.unwrap_err();
    assert_eq!(bridge.aws.console().text(), "");
}

#[tokio::test]
async fn run_of_chosen_customers_is_not_a_completed_run() {
    for (chosen, expected) in [
        (
            json!({"customer_ids": [100_003, "gone"]}),
            Counts {
                fetched: 25.0,
                enqueued: 1.0,
                skipped: 24.0,
                rejected: 0.0,
                pages: 3.0,
            },
        ),
        (json!({"limit": 12}), Counts::all_enqueued(12.0, 2.0)),
    ] {
        let bridge = bridge(25, 10).await;
        let mut input = chosen;
        input["order_date"] = json!(ORDER_DATE);
        bridge.run(input.clone()).await.unwrap();
        let lines = bridge.aws.console().metrics();
        assert_eq!(Counts::of(&lines), expected);
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
async fn run_that_ended_early_publishes_its_counts() {
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
    assert_eq!(Counts::of(&lines), Counts::all_enqueued(20.0, 2.0));
    assert_eq!(values(&lines, "RunCompleted"), [0.0]);
    assert_eq!(values(&lines, "RunDuration"), [] as [f64; 0]);
}

#[tokio::test]
async fn invalid_input_publishes_no_metrics() {
    let bridge = bridge(1, 0).await;
    let error = bridge.run(json!({"order_date": "yesterday"})).await.unwrap_err();
    assert_eq!(
        lambda_runtime::Diagnostic::from(error).error_type,
        "InvalidRunInput"
    );
    assert_eq!(bridge.aws.console().text(), "");
}

//! The metrics of both functions: CloudWatch can parse them, and they add up.

mod fetch_customers;
mod submit_orders;

use std::{collections::BTreeSet, time::Duration};

use integration_tests::{
    bridge::{Bridge, FUNCTION_TIMEOUT, REQUEST_ID, raw, until},
    emf::{Line, VERDICT_METRICS, sum, values, violations},
};
use sandbox::{Answer, Endpoint, Rule, Settings, customers};
use serde_json::{Value, json};
use shared::lambda::metrics::Metric;
use tokio::time::Instant;

use crate::bad_day::bad_day;

const ORDER_DATE: &str = "2023-10-15T14:30:00Z";

/// The sums of `metrics`, which are whole numbers.
fn sums<const N: usize>(lines: &[Line], metrics: [&str; N]) -> [f64; N] {
    metrics.map(|metric| sum(lines, metric))
}

fn number(count: impl TryInto<u32>) -> f64 {
    count.try_into().map(f64::from).ok().unwrap()
}

fn names_and_units(metrics: impl IntoIterator<Item = Metric>) -> BTreeSet<(String, String)> {
    let unit = |metric: Metric| {
        serde_json::to_value(metric.unit)
            .unwrap()
            .as_str()
            .unwrap()
            .to_owned()
    };
    metrics
        .into_iter()
        .map(|metric| (metric.name.to_owned(), unit(metric)))
        .collect()
}

#[tokio::test]
async fn metrics_of_a_usual_day_add_up() {
    let all = customers::generate(200, 11);
    let orders = all.iter().filter(|customer| customer.expected.is_order()).count();
    let settings = Settings {
        customers: all.into(),
        page_size: 50,
        ..Settings::default()
    };
    let bridge = Bridge::start(settings, |environment| {
        environment
            .with("METRICS_NAMESPACE", "Acme")
            .with("STACK_NAME", "orders-test")
    })
    .await;
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    bridge.drain().await;
    let lines = bridge.aws.console().metrics();
    for line in &lines {
        let about = (&*line.namespace, &*line.stack, &*line.request_id);
        assert_eq!(about, ("Acme", "orders-test", REQUEST_ID));
    }
    let customers = [
        "CustomersFetched",
        "CustomersEnqueued",
        "CustomersSkipped",
        "CustomersRejected",
    ];
    assert_eq!(sums(&lines, customers), [200.0, 200.0, 0.0, 0.0]);
    assert_eq!(values(&lines, "SourcePages"), [4.0]);
    assert_eq!(values(&lines, "RunCompleted"), [1.0]);
    assert_eq!(values(&lines, "RunDuration"), [number(run.progress.elapsed_ms)]);
    assert_eq!(
        sums(&lines, VERDICT_METRICS),
        [number(orders), 0.0, number(200 - orders), 0.0, 0.0]
    );
    assert_eq!(values(&lines, "DestinationLatency").len(), orders);
    assert_eq!(
        sums(&lines, ["DestinationMisconfigured", "TokenRequests"]),
        [0.0, 1.0]
    );

    let printed: BTreeSet<_> = lines.iter().flat_map(|line| line.metrics.clone()).collect();
    let known = ::fetch_customers::stats::metric::ALL
        .into_iter()
        .chain(::submit_orders::handler::stats::metric::ALL);
    assert_eq!(printed, names_and_units(known));
}

#[tokio::test]
async fn metrics_of_a_bad_day_count_every_message() {
    let (bridge, received) = bad_day().await;
    let lines = bridge.aws.console().metrics();
    let ends = sums(&lines, VERDICT_METRICS);
    assert_eq!(ends.iter().sum::<f64>(), number(received));
    assert!(ends.iter().take(4).all(|end| *end > 0.0), "{ends:?}");
    let counters = bridge.sandbox.counters();
    let answered: u64 = counters.order_statuses.values().sum();
    assert!(answered < counters.order_posts);
    assert_eq!(values(&lines, "DestinationLatency").len() as u64, answered);
    assert_eq!(sum(&lines, "TokenRequests"), number(counters.token_requests));
    assert!(sum(&lines, "DestinationMisconfigured") > 0.0);
    let [fetched, enqueued, skipped, rejected] = sums(
        &lines,
        [
            "CustomersFetched",
            "CustomersEnqueued",
            "CustomersSkipped",
            "CustomersRejected",
        ],
    );
    assert_eq!(fetched, enqueued + skipped + rejected);
    assert!(rejected > 0.0);
    // The second run ends early; the third has invalid input.
    assert_eq!(values(&lines, "RunCompleted"), [1.0, 0.0]);
    assert_eq!(values(&lines, "RunDuration").len(), 1);
}

#[test]
fn invalid_metric_line_is_found() {
    let good = json!({
        "_aws": {"Timestamp": 1_697_380_200_000_u64, "CloudWatchMetrics": [
            {"Namespace": "N", "Dimensions": [["Stack"]], "Metrics": [{"Name": "A", "Unit": "Count"}]}
        ]},
        "Stack": "s", "A": [1, 2.5]
    });
    assert_eq!(violations(&good), [] as [String; 0]);
    let directive = "/_aws/CloudWatchMetrics/0";
    for (place, value) in [
        ("/_aws/Timestamp", json!("2023-10-15T14:30:00Z")),
        ("/_aws/Timestamp", json!(1.5)),
        (&format!("{directive}/Namespace"), json!("")),
        (&format!("{directive}/Dimensions"), json!([])),
        (&format!("{directive}/Dimensions/0/0"), json!("Other")),
        (&format!("{directive}/Metrics"), json!([])),
        (&format!("{directive}/Metrics/0"), json!({"Unit": "Count"})),
        (&format!("{directive}/Metrics/0/Unit"), json!("Orders")),
        (&format!("{directive}/Metrics/0/Name"), json!("B")),
        ("/Stack", json!("")),
        ("/A", json!("1")),
        ("/A", json!([])),
        ("/A", json!([1, null])),
        ("/A", json!(vec![1; 101])),
        ("/A", json!({"Values": [1], "Counts": [1]})),
    ] {
        let mut broken = good.clone();
        *broken.pointer_mut(place).unwrap() = value;
        assert_eq!(
            violations(&broken).len(),
            1,
            "{broken}: {:?}",
            violations(&broken)
        );
    }
    assert!(!violations(&json!({"level": "INFO", "message": "batch settled"})).is_empty());
}

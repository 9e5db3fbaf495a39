//! What `submit-orders` counts and measures.

use std::sync::Arc;

use ::submit_orders::{
    destination::transport::{self, Transport, Unreachable},
    handler::stats::metric,
};
use bytes::Bytes;
use futures::future::BoxFuture;
use http::StatusCode;
use integration_tests::bridge::{Environment, account, submit_orders_over};
use reqwest::Request;

use super::*;

fn message(id: u64) -> String {
    fixture::message(&fixture::customer_with_id(id))
}

async fn bridge(max_in_flight: &str) -> Bridge {
    Bridge::start(Settings::default(), |environment| {
        environment
            .with("MAX_IN_FLIGHT", max_in_flight)
            .with("CONFLICT_MEANS", "duplicate")
    })
    .await
}

/// The values of each metric in a line, except the latency.
fn counts(line: &Line) -> Vec<(&str, Vec<f64>)> {
    let all = metric::ALL
        .iter()
        .filter(|metric| metric.name != "DestinationLatency");
    all.map(|metric| (metric.name, line.values(metric.name)))
        .collect()
}

#[tokio::test]
async fn verdict_is_counted_in_its_metric() {
    let bridge = bridge("1").await;
    bridge.enqueue([message(1)]);
    bridge.deliver(1).await;
    bridge.sandbox.set_faults([
        Rule::on(Endpoint::Orders, Answer::status(503)).customer("3"),
        Rule::on(Endpoint::Orders, Answer::status(422)).customer("4"),
        Rule::on(Endpoint::Orders, Answer::status(403)).customer("5"),
    ]);
    let bodies = [
        message(1),
        message(2),
        "no JSON".to_owned(),
        message(3),
        message(4),
        message(5),
    ];
    bridge.enqueue(bodies.into_iter().chain((6..=8).map(message)));
    let (received, failed) = bridge.deliver(10).await;
    assert_eq!((received.len(), failed.len()), (9, 2));
    let lines = bridge.aws.console().metrics();
    assert_eq!(lines.len(), 2);
    assert_eq!(
        counts(&lines[1]),
        [
            ("OrdersDelivered", vec![4.0]),
            ("OrdersDuplicate", vec![1.0]),
            ("OrdersRejected", vec![2.0]),
            ("OrdersRetried", vec![2.0]),
            ("OrdersDeferred", vec![0.0]),
            // A single order that is blocked is none.
            ("DestinationMisconfigured", vec![0.0]),
            ("TokenRequests", vec![0.0]),
        ]
    );
    // Of the customers 1 to 8.
    assert_eq!(lines[1].values("DestinationLatency").len(), 8);
    assert_eq!(sum(&lines[..1], "TokenRequests"), 1.0);
}

#[tokio::test]
async fn misconfiguration_is_counted_once_the_circuit_opens() {
    let bridge = bridge("1").await;
    bridge
        .sandbox
        .set_faults([Rule::on(Endpoint::Orders, Answer::status(403))]);
    bridge.enqueue((1..=5).map(message));
    bridge.deliver(5).await;
    let lines = bridge.aws.console().metrics();
    let metrics = ["OrdersRetried", "OrdersDeferred", "DestinationMisconfigured"];
    assert_eq!(sums(&lines, metrics), [2.0, 3.0, 1.0]);
}

#[tokio::test]
async fn large_batch_loses_no_latency() {
    let bridge = bridge("20").await;
    bridge.enqueue((1..=250).map(message));
    bridge.deliver(250).await;
    let lines = bridge.aws.console().metrics();
    let per_line: Vec<usize> = lines
        .iter()
        .map(|line| line.values("DestinationLatency").len())
        .collect();
    assert_eq!(per_line, [100, 100, 50]);
    assert_eq!(values(&lines, "OrdersDelivered"), [250.0]);
    assert_eq!(lines[2].metrics.len(), 1);
}

/// A destination that answers after 20 ms of a controlled clock, the first time with 401.
struct Steady {
    refused: std::sync::atomic::AtomicU64,
}

impl Transport for Steady {
    fn send(&self, request: Request, _: Duration) -> BoxFuture<'_, Result<transport::Answer, Unreachable>> {
        Box::pin(async move {
            if request.url().path() == "/token" {
                let token = json!({"access_token": "fixture-token", "token_type": "Bearer"});
                return Ok(transport::Answer::new(Bytes::from(token.to_string())));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            let mut answer = transport::Answer::default();
            if self.refused.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 {
                *answer.status_mut() = StatusCode::UNAUTHORIZED;
            }
            Ok(answer)
        })
    }
}

#[tokio::test(start_paused = true)]
async fn repeated_post_has_two_latencies() {
    let aws = account(&Settings::default());
    let environment = Environment::at(
        "https://s.example.com/",
        "https://t.example.com/token",
        "https://d.example.com/orders",
    )
    .with("MAX_IN_FLIGHT", "1");
    let steady = Arc::new(Steady {
        refused: std::sync::atomic::AtomicU64::new(0),
    });
    let submit = submit_orders_over(&environment, &aws, steady);
    let record = |id: u64| json!({"messageId": id.to_string(), "body": message(id)});
    let event = json!({"Records": [record(1), record(2)]});
    let deadline = Instant::now() + FUNCTION_TIMEOUT;
    submit.handle(&raw(&event), until(deadline)).await.unwrap();
    let lines = aws.console().metrics();
    assert_eq!(values(&lines, "DestinationLatency"), [20.0, 20.0, 20.0]);
    assert_eq!(sums(&lines, ["OrdersDelivered", "TokenRequests"]), [2.0, 2.0]);
}

#[tokio::test]
async fn failed_invocation_publishes_only_what_it_did() {
    let bridge = bridge("10").await;
    let handle = async |event: Value| {
        let deadline = Instant::now() + FUNCTION_TIMEOUT;
        bridge
            .submit
            .handle(&raw(&event), until(deadline))
            .await
            .unwrap_err()
    };
    let error = lambda_runtime::Diagnostic::from(handle(json!({"order_date": ORDER_DATE})).await);
    assert_eq!(error.error_type, "NotAnSqsEvent");
    assert_eq!(bridge.aws.console().text(), "");

    bridge
        .sandbox
        .set_faults([Rule::on(Endpoint::Orders, Answer::status(503)).customer("2")]);
    let records = json!({"Records": [{"messageId": "a", "body": message(1)}, {"body": message(2)}]});
    let error = lambda_runtime::Diagnostic::from(handle(records).await);
    assert_eq!(error.error_type, "NoMessageId");
    let lines = bridge.aws.console().metrics();
    assert_eq!(sums(&lines, VERDICT_METRICS), [1.0, 0.0, 0.0, 1.0, 0.0]);
}

#[tokio::test]
async fn batch_without_posts_has_zeros_and_no_latency() {
    let bridge = bridge("10").await;
    bridge.enqueue(["no JSON".to_owned()]);
    bridge.deliver(1).await;
    let lines = bridge.aws.console().metrics();
    assert_eq!(sums(&lines, VERDICT_METRICS), [0.0, 0.0, 1.0, 0.0, 0.0]);
    assert_eq!(
        counts(&lines[0])
            .iter()
            .filter(|(_, values)| values.len() == 1)
            .count(),
        7
    );
    assert_eq!(lines[0].metrics.len(), 7);
}

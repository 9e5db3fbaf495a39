//! Connections that break, odd servers and long answers, met by the three HTTP clients: the destination's and the token
//! endpoint's, the source's, and that of the AWS SDK.

pub(crate) mod tls;
mod unreachable;

use std::{sync::LazyLock, time::Duration};

use http::{Method, header::CONTENT_ENCODING};
use integration_tests::bridge::{Bridge, Environment, http_client};
use reqwest::Request;
use sandbox::{Action, Answer, Compression, Endpoint, RawAnswer, Rule, Sandbox, Settings, customers};
use serde_json::json;
use submit_orders::destination::transport::{ANSWER_LIMIT, Transport};

use crate::logs::{LOGGING, lines, logged};

const ORDER_DATE: &str = "2023-10-15T14:30:00Z";

/// So many that one dead connection after the other would be met.
const ORDERS: u64 = 100;

/// Longer than any of these takes.
const LONG: Duration = Duration::from_secs(30);

fn message(id: u64) -> String {
    fixture::message(&fixture::customer_with_id(id))
}

async fn bridge_with(settings: Settings) -> Bridge {
    let in_flight = |environment: Environment| environment.with("MAX_IN_FLIGHT", "20");
    Bridge::start(settings, in_flight).await
}

/// Delivers one batch of new orders.
///
/// # Returns
/// How many came back.
async fn returned(bridge: &Bridge, first: u64) -> usize {
    bridge.enqueue((first..first + ORDERS).map(message));
    let (received, failed) = bridge.deliver(usize::MAX).await;
    assert_eq!(received.len() as u64, ORDERS);
    failed.len()
}

#[tokio::test]
async fn freeze_returns_no_order() {
    let bridge = bridge_with(Settings::default()).await;
    assert_eq!(returned(&bridge, 1).await, 0);
    for round in 1..=3 {
        bridge.sandbox.freeze();
        assert_eq!(returned(&bridge, 1 + round * ORDERS).await, 0, "{round}");
    }
    assert_eq!(bridge.sandbox.ledger().len() as u64, 4 * ORDERS);
}

#[tokio::test]
async fn freeze_before_token_request_returns_no_order() {
    let bridge = bridge_with(Settings::default()).await;
    assert_eq!(returned(&bridge, 1).await, 0);
    bridge.sandbox.revoke_tokens();
    bridge.sandbox.freeze();
    assert_eq!(returned(&bridge, 1 + ORDERS).await, 0);
}

#[tokio::test]
async fn connection_closed_after_each_answer_returns_no_order() {
    let bridge = bridge_with(Settings {
        requests_per_connection: Some(1),
        ..Settings::default()
    })
    .await;
    assert_eq!(returned(&bridge, 1).await, 0);
}

#[tokio::test]
async fn broken_request_is_repeated_once() {
    let bridge = bridge_with(Settings::default()).await;
    let broken = |calls| Rule::on(Endpoint::Orders, Action::Reset).calls(calls);
    bridge.sandbox.set_faults([broken(1..=1)]);
    bridge.enqueue([message(1)]);
    assert_eq!(bridge.deliver(1).await.1, [""; 0]);
    assert_eq!(bridge.sandbox.counters().order_posts, 2);
    bridge.sandbox.set_faults([broken(3..=4)]);
    bridge.enqueue([message(2)]);
    assert_eq!(bridge.deliver(1).await.1, ["message-2"]);
    assert_eq!(bridge.sandbox.counters().order_posts, 4);
}

#[tokio::test(start_paused = true)]
async fn repeated_request_keeps_time_limit() {
    const LIMIT: Duration = Duration::from_secs(5);
    let sandbox = Sandbox::start(Settings::default()).await.unwrap();
    sandbox.set_faults([
        Rule::on(Endpoint::Orders, Action::Reset)
            .calls(1)
            .latency_ms(4_000),
        Rule::on(Endpoint::Orders, Action::Hang),
    ]);
    let started = tokio::time::Instant::now();
    let answer = http_client().send(post(&sandbox.orders_url()), LIMIT).await;
    assert!(answer.is_err());
    // Within the steps of tokio's timer.
    assert!(started.elapsed() < LIMIT + Duration::from_millis(10));
}

#[tokio::test]
async fn freeze_does_not_end_run() {
    let settings = Settings {
        customers: customers::generate(30, 7).into(),
        page_size: 10,
        ..Settings::default()
    };
    let bridge = bridge_with(settings).await;
    let run = json!({"order_date": ORDER_DATE});
    assert_eq!(bridge.run(run.clone()).await.unwrap().progress.fetched, 30);
    let pages_read = bridge.sandbox.counters().source_requests;
    bridge.sandbox.freeze();
    LazyLock::force(&LOGGING);
    assert_eq!(bridge.run(run).await.unwrap().progress.fetched, 30);
    // The request that broke did not reach a page.
    assert_eq!(bridge.sandbox.counters().source_requests, 2 * pages_read);
    let lines = lines(&logged());
    let count = |event: &str| lines.iter().filter(|line| line["event"] == event).count();
    // The repeated request makes a page's own retry, a second later, unnecessary.
    assert_eq!((count("request_repeated"), count("page_retried")), (1, 0));
}

/// Header lines that curl accepts.
const ODD_LINES: [&str; 4] = [
    "HTTP/1.1 200 OK",
    "Access-Control-Allow-Credentials : true",
    "this line is no header",
    "X-Folded: one\r\n two",
];

fn odd(body: &str) -> Action {
    RawAnswer::with_length(ODD_LINES, body.as_bytes()).into()
}

#[tokio::test]
async fn odd_header_lines_break_no_answer() {
    let bridge = bridge_with(Settings::default()).await;
    let token = r#"{"access_token": "fixture-token", "token_type": "Bearer"}"#;
    bridge.sandbox.set_faults([
        Rule::on(Endpoint::Token, odd(token)),
        Rule::on(Endpoint::Orders, odd("{}")),
        Rule::on(
            Endpoint::Customers,
            odd(&json!([fixture::only_id("1")]).to_string()),
        ),
    ]);
    bridge.enqueue([message(1)]);
    assert_eq!(bridge.deliver(1).await.1, [""; 0]);
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!(run.progress.fetched, 1);
}

#[tokio::test]
async fn space_before_colon_breaks_no_answer() {
    let bridge = bridge_with(Settings::default()).await;
    let case = sandbox::case("header-space-before-colon.http").unwrap();
    bridge
        .sandbox
        .set_faults([Rule::on(Endpoint::Orders, Action::raw(case))]);
    bridge.enqueue([message(1)]);
    assert_eq!(bridge.deliver(1).await.1, [""; 0]);
}

fn post(url: &str) -> Request {
    Request::new(Method::POST, url.parse().unwrap())
}

#[tokio::test]
async fn compressed_answer_is_not_unpacked() {
    let sandbox = Sandbox::start(Settings::default()).await.unwrap();
    for coding in [Compression::Gzip, Compression::Brotli, Compression::Zstd] {
        let bomb = Action::Bomb {
            coding,
            bytes: 16 << 20,
            zeros: false,
            instead: Some(Answer::status(201)),
        };
        sandbox.set_faults([Rule::on(Endpoint::Orders, bomb)]);
        let answer = http_client()
            .send(post(&sandbox.orders_url()), LONG)
            .await
            .unwrap();
        assert_eq!(answer.status(), 201);
        assert!(answer.headers().contains_key(CONTENT_ENCODING));
        // Unpacked, it begins with blanks.
        assert!(!answer.body().starts_with(b" "), "{coding:?}");
    }
}

#[tokio::test]
async fn long_answer_is_read_to_limit() {
    let sandbox = Sandbox::start(Settings::default()).await.unwrap();
    let long = Action::Oversize {
        bytes: 16 << 20,
        instead: Some(Answer::status(201)),
    };
    sandbox.set_faults([Rule::on(Endpoint::Orders, long)]);
    let answer = http_client()
        .send(post(&sandbox.orders_url()), LONG)
        .await
        .unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.body().len()),
        (201, ANSWER_LIMIT)
    );
}

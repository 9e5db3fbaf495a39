//! When connections end that a client keeps for its next request.

use std::time::Duration;

use reqwest::Client;
use sandbox::{Action, Endpoint, Rule, Sandbox, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::caller::{PAGE_REQUEST, client, connect, order, post_with, request_page, soon, start, token};

async fn post_status(client: &Client, sandbox: &Sandbox, token: &str, number: u32) -> reqwest::Result<u16> {
    let response = post_with(client.clone(), sandbox, token, &order(number))
        .send()
        .await?;
    let status = response.status().as_u16();
    response.bytes().await.map(|_| status)
}

#[tokio::test]
async fn idle_connection_is_closed_after_its_timeout() {
    let keep_alive_timeout = Some(Duration::from_millis(20));
    let sandbox = start(Settings {
        keep_alive_timeout,
        ..Settings::default()
    })
    .await;
    let mut stream = connect(&sandbox).await;
    let answer = request_page(&mut stream).await;
    assert!(!answer.contains("connection: close"), "{answer}");
    assert_eq!(soon(stream.read(&mut [0])).await.unwrap(), 0);
}

#[tokio::test]
async fn busy_connection_outlives_the_idle_timeout() {
    let keep_alive_timeout = Some(Duration::from_millis(20));
    let sandbox = start(Settings {
        keep_alive_timeout,
        ..Settings::default()
    })
    .await;
    sandbox.set_faults([Rule::on(Endpoint::Customers, Action::Pass).latency_ms(200)]);
    let answer = request_page(&mut connect(&sandbox).await).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[tokio::test]
async fn connection_closes_at_the_request_after_its_last() {
    let sandbox = start(Settings {
        requests_per_connection: Some(2),
        ..Settings::default()
    })
    .await;
    let mut stream = connect(&sandbox).await;
    for _ in 1..=2 {
        let answer = request_page(&mut stream).await;
        assert!(!answer.contains("connection: close"), "{answer}");
    }
    stream.write_all(PAGE_REQUEST).await.unwrap();
    assert_eq!(soon(stream.read(&mut [0])).await.unwrap(), 0);
    assert_eq!(sandbox.counters().source_requests, 2);
}

#[tokio::test]
async fn connection_closes_behind_a_whole_answer() {
    for reset in [false, true] {
        let sandbox = start(Settings::default()).await;
        sandbox.set_faults([Rule::on(
            Endpoint::Customers,
            Action::Disconnect { reset, instead: None },
        )]);
        let mut stream = connect(&sandbox).await;
        let answer = request_page(&mut stream).await;
        assert!(!answer.contains("connection: close"), "{answer}");
        let end = soon(stream.read(&mut [0])).await.map_err(|error| error.kind());
        let expected = if reset {
            Err(std::io::ErrorKind::ConnectionReset)
        } else {
            Ok(0)
        };
        assert_eq!(end, expected);
        assert_eq!(sandbox.counters().source_statuses, [(200, 1)].into());
    }
}

#[tokio::test]
async fn frozen_connection_answers_the_next_request_by_reset() {
    let sandbox = start(Settings::default()).await;
    let mut idle = connect(&sandbox).await;
    request_page(&mut idle).await;
    sandbox.freeze();
    idle.write_all(PAGE_REQUEST).await.unwrap();
    let error = soon(idle.read(&mut [0])).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
    // A connection that was made afterwards works.
    request_page(&mut connect(&sandbox).await).await;
    assert_eq!(sandbox.counters().source_requests, 2);
}

#[tokio::test]
async fn frozen_pool_resets_posts_and_stores_nothing() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    let client = client();
    assert_eq!(post_status(&client, &sandbox, &token, 1).await.unwrap(), 201);
    sandbox.freeze();
    assert!(post_status(&client, &sandbox, &token, 2).await.is_err());
    assert_eq!(post_status(&client, &sandbox, &token, 2).await.unwrap(), 201);
    let counters = sandbox.counters();
    assert_eq!((counters.order_posts, counters.orders_stored), (2, 2));
}

#[tokio::test]
async fn request_in_progress_survives_a_freeze() {
    let sandbox = start(Settings::default()).await;
    sandbox.set_faults([Rule::on(Endpoint::Customers, Action::Pass).latency_ms(50)]);
    let mut stream = connect(&sandbox).await;
    stream.write_all(PAGE_REQUEST).await.unwrap();
    soon(sandbox.until(|record| record.counters.source_requests == 1)).await;
    sandbox.freeze();
    let mut answer = [0; 8];
    soon(stream.read_exact(&mut answer)).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1");
}

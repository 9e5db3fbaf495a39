//! Faults below HTTP, and the sandbox's own end.

use std::error::Error;
use std::io::ErrorKind;

use sandbox::{Action, Answer, Customers, Endpoint, Rule, Sandbox, Settings, refused_url};

use crate::caller::{ask_for_token, client, get_customers, order, post, soon, start, token};

/// The kind of I/O error at the bottom of `error`, if there is one.
fn io_kind(error: &reqwest::Error) -> Option<ErrorKind> {
    let mut cause: Option<&dyn Error> = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            return Some(error.kind());
        }
        cause = error.source();
    }
    None
}

async fn orders_with(action: impl Into<Action>) -> (Sandbox, String) {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    sandbox.set_faults([Rule::on(Endpoint::Orders, action).attempts(1)]);
    (sandbox, token)
}

#[tokio::test]
async fn reset_stores_nothing() {
    let (sandbox, token) = orders_with(Action::Reset).await;
    let error = post(&sandbox, &token, &order(1)).send().await.unwrap_err();
    assert_eq!(io_kind(&error), Some(ErrorKind::ConnectionReset), "{error:?}");
    assert_eq!(sandbox.counters().orders_stored, 0);
    assert_eq!(
        post(&sandbox, &token, &order(1)).send().await.unwrap().status(),
        201
    );
    let statuses = sandbox.read(|record| {
        record
            .order_requests
            .iter()
            .map(|post| post.status)
            .collect::<Vec<_>>()
    });
    assert_eq!(statuses, [None, Some(201)]);
    soon(sandbox.until(|record| record.counters.posts_in_flight == 0)).await;
}

#[tokio::test]
async fn close_stores_nothing() {
    let (sandbox, token) = orders_with(Action::Close).await;
    let error = post(&sandbox, &token, &order(1)).send().await.unwrap_err();
    assert_eq!(io_kind(&error), None, "{error:?}");
    assert!(format!("{error:?}").contains("IncompleteMessage"), "{error:?}");
    assert_eq!(sandbox.counters().orders_stored, 0);
    assert_eq!(
        post(&sandbox, &token, &order(1)).send().await.unwrap().status(),
        201
    );
}

#[tokio::test]
async fn lost_answer_stores_the_order() {
    let (sandbox, token) = orders_with(Action::LoseAnswer).await;
    let error = post(&sandbox, &token, &order(1)).send().await.unwrap_err();
    assert_eq!(io_kind(&error), Some(ErrorKind::ConnectionReset), "{error:?}");
    assert_eq!(sandbox.counters().orders_stored, 1);
    assert_eq!(
        post(&sandbox, &token, &order(1)).send().await.unwrap().status(),
        409
    );
    assert_eq!(sandbox.ledger()["ORD-20231015-0000000000000001"].posts, 2);
    assert_eq!(sandbox.counters().order_statuses, [(409, 1)].into());
}

#[tokio::test]
async fn hanging_request_ends_with_its_client() {
    let (sandbox, token) = orders_with(Action::Hang).await;
    let request = tokio::spawn(post(&sandbox, &token, &order(1)).send());
    soon(sandbox.until(|record| record.counters.posts_in_flight == 1)).await;
    assert_eq!(sandbox.read(|record| record.order_requests[0].status), None);
    request.abort();
    soon(sandbox.until(|record| record.counters.posts_in_flight == 0)).await;
    assert_eq!(sandbox.counters().orders_stored, 0);
}

#[tokio::test]
async fn posts_in_flight_are_counted() {
    let sandbox = start(Settings::default()).await;
    let token = token(&sandbox).await;
    sandbox.set_faults([Rule::on(Endpoint::Orders, Action::Hang).calls(1..=3)]);
    let requests: Vec<_> = (1..=3)
        .map(|number| tokio::spawn(post(&sandbox, &token, &order(number)).send()))
        .collect();
    soon(sandbox.until(|record| record.counters.posts_in_flight == 3)).await;
    requests.iter().for_each(tokio::task::JoinHandle::abort);
    soon(sandbox.until(|record| record.counters.posts_in_flight == 0)).await;
    assert_eq!(
        post(&sandbox, &token, &order(4)).send().await.unwrap().status(),
        201
    );
    assert_eq!(sandbox.counters().max_posts_in_flight, 3);
}

#[tokio::test]
async fn truncated_page_breaks_off_in_the_middle() {
    for reset in [false, true] {
        let sandbox = start(Settings {
            customers: Customers::parse(b"[1,2,3,4]").unwrap(),
            ..Settings::default()
        })
        .await;
        sandbox.set_faults([Rule::on(
            Endpoint::Customers,
            Action::Truncate { reset, instead: None },
        )]);
        let mut response = get_customers(&sandbox).send().await.unwrap();
        assert_eq!(
            (response.status().as_u16(), response.content_length()),
            (200, Some(9))
        );
        let mut received = Vec::new();
        let error = loop {
            match response.chunk().await {
                Ok(chunk) => received.extend(chunk.expect("an error, not the end")),
                Err(error) => break error,
            }
        };
        assert_eq!(
            io_kind(&error) == Some(ErrorKind::ConnectionReset),
            reset,
            "{error:?}"
        );
        assert_eq!(received, b"[1,2");
    }
}

#[tokio::test]
async fn truncated_post_is_processed_unless_replaced() {
    let (sandbox, token) = orders_with(Action::Truncate {
        reset: false,
        instead: None,
    })
    .await;
    let response = post(&sandbox, &token, &order(1)).send().await.unwrap();
    assert_eq!(response.status(), 201);
    assert!(response.bytes().await.is_err());
    assert_eq!(sandbox.counters().orders_stored, 1);

    let instead = Some(Answer::status(503).retry_after(1));
    let (sandbox, token) = orders_with(Action::Truncate {
        reset: false,
        instead,
    })
    .await;
    let response = post(&sandbox, &token, &order(1)).send().await.unwrap();
    assert_eq!(
        (
            response.status().as_u16(),
            response.headers()["retry-after"].as_bytes()
        ),
        (503, &b"1"[..])
    );
    assert!(response.bytes().await.is_err());
    assert_eq!(sandbox.counters().orders_stored, 0);
}

#[tokio::test]
async fn source_and_token_connections_break() {
    let sandbox = start(Settings::default()).await;
    sandbox.set_faults([
        Rule::on(Endpoint::Customers, Action::Reset),
        Rule::on(Endpoint::Token, Action::LoseAnswer),
    ]);
    let error = get_customers(&sandbox).send().await.unwrap_err();
    assert_eq!(io_kind(&error), Some(ErrorKind::ConnectionReset), "{error:?}");
    let error = ask_for_token(&sandbox).send().await.unwrap_err();
    assert_eq!(io_kind(&error), Some(ErrorKind::ConnectionReset), "{error:?}");
    assert_eq!(sandbox.counters().token_grants, 1);
}

#[tokio::test]
async fn refused_url_refuses_connections() {
    let error = client().get(refused_url()).send().await.unwrap_err();
    assert_eq!(io_kind(&error), Some(ErrorKind::ConnectionRefused), "{error:?}");
}

#[tokio::test]
async fn plain_text_url_fails_the_tls_handshake() {
    let sandbox = start(Settings::default()).await;
    let error = client()
        .get(format!("{}/customers", sandbox.not_tls_url()))
        .send()
        .await
        .unwrap_err();
    assert!(error.is_connect(), "{error:?}");
    assert!(format!("{error:?}").contains("InvalidMessage"), "{error:?}");
    assert_eq!(sandbox.counters().source_requests, 0);
}

#[tokio::test]
async fn stopped_sandbox_frees_its_port() {
    let sandbox = start(Settings::default()).await;
    let url = sandbox.customers_url();
    let port = url.rsplit([':', '/']).nth(1).unwrap().parse().unwrap();
    sandbox.stop().await;
    let error = client().get(&url).send().await.unwrap_err();
    assert_eq!(io_kind(&error), Some(ErrorKind::ConnectionRefused), "{error:?}");
    let again = start(Settings {
        port,
        ..Settings::default()
    })
    .await;
    assert_eq!(again.customers_url(), url);
}

#[tokio::test]
async fn dropped_sandbox_ends_its_connections() {
    let sandbox = start(Settings::default()).await;
    sandbox.set_faults([Rule::on(Endpoint::Customers, Action::Hang)]);
    let request = tokio::spawn(get_customers(&sandbox).send());
    soon(sandbox.until(|record| record.counters.source_requests == 1)).await;
    drop(sandbox);
    assert!(soon(request).await.unwrap().is_err());
}

#[tokio::test]
async fn empty_answer_is_truncated() {
    let instead = Some(Answer::status(200));
    let (sandbox, token) = orders_with(Action::Truncate {
        reset: false,
        instead,
    })
    .await;
    let response = post(&sandbox, &token, &order(1)).send().await.unwrap();
    assert_eq!(response.content_length(), Some(1));
    assert!(response.bytes().await.is_err());
}

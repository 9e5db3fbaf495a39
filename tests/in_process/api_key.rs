//! A destination that takes an API key in a header, and static headers of both APIs.

use integration_tests::bridge::{Bridge, DESTINATION_SECRET, SOURCE_SECRET};
use sandbox::{Endpoint, Rule, Settings, customers};
use serde_json::{Value, json};

const KEY: &str = "Bearer fixture-destination-key";

/// A destination that takes `KEY` in this header, and a function whose secret is this one.
async fn bridge(header: &str, secret: &Value) -> Bridge {
    let settings = Settings {
        destination_api_key: Some((header.to_owned(), KEY.to_owned())),
        ..Settings::default()
    };
    let header = header.to_owned();
    let bridge = Bridge::start(settings, |environment| {
        environment
            .with("DESTINATION_AUTH", "header")
            .with("DESTINATION_API_KEY_HEADER", header)
            .with("TOKEN_URL", "")
    })
    .await;
    bridge.aws.set_secret(DESTINATION_SECRET, secret.to_string());
    bridge
}

fn enqueue(bridge: &Bridge, ids: std::ops::RangeInclusive<u64>) {
    bridge.enqueue(ids.map(|id| fixture::message(&fixture::customer_with_id(id))));
}

#[tokio::test]
async fn api_key_is_sent_as_it_is() {
    for header in ["Authorization", "X-Api-Key"] {
        let bridge = bridge(header, &json!({"api_key": KEY})).await;
        enqueue(&bridge, 1..=20);
        assert_eq!(bridge.deliver(20).await.1, [""; 0]);
        assert_eq!(bridge.sandbox.ledger().len(), 20, "{header}");
        let counters = bridge.sandbox.counters();
        assert_eq!((counters.token_requests, counters.order_posts), (0, 20));
        // The key is read once for all of them.
        assert_eq!(bridge.aws.calls("GetSecretValue").len(), 1);
    }
}

#[tokio::test]
async fn api_key_is_read_once_for_each_batch_with_posts() {
    let bridge = bridge("x-api-key", &json!({"api_key": KEY})).await;
    enqueue(&bridge, 1..=25);
    // Two batches of ten, one of five, and one without a message.
    bridge.drain().await;
    assert_eq!(bridge.sandbox.ledger().len(), 25);
    assert_eq!(bridge.aws.calls("GetSecretValue").len(), 3);
    bridge.enqueue(["no JSON".to_owned()]);
    bridge.drain().await;
    assert_eq!(bridge.aws.calls("GetSecretValue").len(), 3);
}

#[tokio::test]
async fn rotated_api_key_is_used_from_the_next_batch_on() {
    let bridge = bridge("x-api-key", &json!({"api_key": "fixture-old-key"})).await;
    let old = Rule::on(Endpoint::Orders, sandbox::Answer::status(201)).calls(1);
    bridge.sandbox.set_faults([old]);
    enqueue(&bridge, 1..=1);
    bridge.drain().await;
    let rotated = json!({"api_key": KEY});
    bridge.aws.set_secret(DESTINATION_SECRET, rotated.to_string());
    enqueue(&bridge, 2..=2);
    bridge.drain().await;
    assert_eq!(bridge.sandbox.ledger().len(), 1);
    // The old key was not sent again: no 401 led to another read.
    assert_eq!(bridge.sandbox.counters().order_posts, 2);
    assert_eq!(bridge.aws.calls("GetSecretValue").len(), 2);
}

#[tokio::test]
async fn refused_api_key_is_read_once_more() {
    let bridge = bridge("x-api-key", &json!({"api_key": "fixture-old-key"})).await;
    enqueue(&bridge, 1..=1);
    assert_eq!(bridge.deliver(1).await.1, ["message-1"]);
    assert_eq!(bridge.aws.calls("GetSecretValue").len(), 2);
    // With the old key, with the one just read, and with that one once more a second later.
    assert_eq!(bridge.sandbox.counters().order_posts, 3);
    assert!(bridge.aws.console().text().contains("DestinationMisconfigured"));
}

#[tokio::test]
async fn api_key_rotated_within_a_batch_is_used_at_once() {
    let bridge = bridge("x-api-key", &json!({"api_key": KEY})).await;
    enqueue(&bridge, 1..=1);
    bridge.drain().await;
    let unauthorized = Rule::on(Endpoint::Orders, sandbox::Answer::status(401)).calls(2);
    bridge.sandbox.set_faults([unauthorized]);
    enqueue(&bridge, 2..=2);
    assert_eq!(bridge.deliver(1).await.1, [""; 0]);
    // One for each batch, and one for the 401.
    assert_eq!(bridge.aws.calls("GetSecretValue").len(), 3);
}

#[tokio::test]
async fn unusable_api_key_is_named_and_not_shown() {
    for secret in [
        json!({"client_id": "hunter2", "client_secret": "hunter2"}),
        json!({"api_key": "hunter2\n"}),
        json!({"api_key": KEY, "headers": {"x-api-key": "hunter2"}}),
        json!({"api_key": KEY, "headers": {"Idempotency-Key": "hunter2"}}),
        json!({"api_key": KEY, "headers": {"content-length": "hunter2"}}),
    ] {
        let bridge = bridge("x-api-key", &secret).await;
        std::sync::LazyLock::force(&crate::logs::LOGGING);
        enqueue(&bridge, 1..=1);
        assert_eq!(bridge.deliver(1).await.1, ["message-1"]);
        assert_eq!(bridge.sandbox.counters().order_posts, 0);
        let log = crate::logs::logged();
        let named = log.contains("must be a JSON object with the text `api_key`: ");
        assert!(named && !log.contains("hunter2"), "{log}");
    }
}

#[tokio::test]
async fn static_headers_are_sent_to_both_apis() {
    let headers = [("x-version".to_owned(), "2".to_owned())];
    let settings = Settings {
        customers: customers::generate(5, 7).into(),
        source_headers: headers.to_vec(),
        destination_headers: headers.to_vec(),
        ..Settings::default()
    };
    let bridge = Bridge::start(settings, |environment| environment).await;
    let run = json!({"order_date": "2023-10-15T14:30:00Z"});
    assert!(bridge.run(run.clone()).await.is_err());
    enqueue(&bridge, 1..=1);
    bridge.drain().await;
    assert!(bridge.sandbox.ledger().is_empty());

    let with_headers = |secret: Value| {
        let mut secret = secret;
        secret["headers"] = json!({"X-Version": "2"});
        secret.to_string()
    };
    let source = with_headers(json!({"api_key": "fixture-api-key"}));
    bridge.aws.set_secret(SOURCE_SECRET, source);
    let destination = json!({"client_id": "fixture-client", "client_secret": "fixture-client-secret"});
    bridge
        .aws
        .set_secret(DESTINATION_SECRET, with_headers(destination));
    // The headers are kept as long as the token is.
    bridge.sandbox.revoke_tokens();
    assert_eq!(bridge.run(run).await.unwrap().progress.fetched, 5);
    enqueue(&bridge, 2..=2);
    bridge.drain().await;
    assert!(!bridge.sandbox.ledger().is_empty());
}

#[tokio::test]
async fn source_api_key_is_a_whole_header_value() {
    for key in ["Bearer fixture-source-key", "Basic Zml4dHVyZTprZXk="] {
        let settings = Settings {
            customers: customers::generate(5, 7).into(),
            api_key_header: "Authorization".to_owned(),
            api_key: key.to_owned(),
            ..Settings::default()
        };
        let bridge = Bridge::start(settings, |environment| {
            environment.with("SOURCE_API_KEY_HEADER", "Authorization")
        })
        .await;
        let run = bridge.run(json!({"order_date": "2023-10-15T14:30:00Z"})).await;
        assert_eq!(run.unwrap().progress.fetched, 5, "{key}");
    }
}

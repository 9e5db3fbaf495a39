//! `submit-orders` between a queue and a destination: the main path. Failures are in `faults`.

use std::collections::BTreeMap;

use fixture::{customer, customer_with_id, message, only_id};
use integration_tests::bridge::{Bridge, Environment, raw};
use sandbox::{ClientAuth, Settings, customers};
use serde_json::json;
use shared::mapping::customer::Customer;

const ORDER_DATE: &str = "2023-10-15T14:30:00Z";

async fn bridge() -> Bridge {
    Bridge::start(Settings::default(), |environment| environment).await
}

fn attributes(all: &[(&str, &str)]) -> BTreeMap<String, String> {
    all.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[tokio::test]
async fn example_customer_becomes_the_example_order() {
    let settings = Settings {
        customers: [customer()].into(),
        ..Settings::default()
    };
    let bridge = Bridge::start(settings, |environment| environment).await;
    bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    bridge.drain().await;
    let ledger = bridge.sandbox.ledger();
    let bodies: Vec<&[u8]> = ledger.values().map(|entry| &*entry.body).collect();
    assert_eq!(bodies, [fixture::example().order_text.as_bytes()]);
}

#[tokio::test]
async fn every_customer_ends_with_order_or_dead_letter() {
    let all = customers::generate(200, 11);
    let settings = Settings {
        customers: all.clone().into(),
        page_size: 50,
        ..Settings::default()
    };
    let bridge = Bridge::start(settings, |environment| environment).await;
    bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    bridge.drain().await;

    let orders = all.iter().filter(|customer| customer.expected.is_order()).count();
    let rejected: Vec<String> = all
        .iter()
        .filter(|customer| !customer.expected.is_order())
        .map(|customer| format!(r#"{{"order_date":"{ORDER_DATE}","customer":{}}}"#, customer.json))
        .collect();
    assert!(rejected.len() >= 5, "{} rejected", rejected.len());
    assert_eq!(bridge.sandbox.ledger().len(), orders);
    let dead_letters = bridge.dead_letters();
    let bodies: Vec<&String> = dead_letters.iter().map(|letter| &letter.body).collect();
    assert_eq!(bodies, rejected.iter().collect::<Vec<_>>());
    for letter in &dead_letters {
        assert_eq!(letter.attributes["reason"], "invalid_customer");
        assert!(!letter.attributes["detail"].is_empty());
    }
    assert_eq!(bridge.waiting().len(), 0);
    let counters = bridge.sandbox.counters();
    assert_eq!(
        (counters.order_posts, counters.token_requests),
        (orders as u64, 1)
    );
}

#[tokio::test]
async fn second_run_of_an_order_date_orders_nothing() {
    let settings = Settings {
        customers: customers::generate(30, 3).into(),
        ..Settings::default()
    };
    let change = |environment: Environment| environment.with("CONFLICT_MEANS", "duplicate");
    let bridge = Bridge::start(settings, change).await;
    for order_date in [ORDER_DATE, "2023-10-15T15:30:00+01:00"] {
        bridge.run(json!({"order_date": order_date})).await.unwrap();
        bridge.drain().await;
    }
    let counters = bridge.sandbox.counters();
    assert_eq!(counters.orders_duplicate, counters.orders_stored);
    assert_eq!(counters.order_posts, 2 * counters.orders_stored);
    assert_eq!(bridge.waiting().len(), 0);
}

#[tokio::test]
async fn rejected_message_is_dead_lettered_with_reason() {
    let invalid = only_id("7");
    let violations = Customer::read(&raw(&invalid)).unwrap_err().violations.to_string();
    assert!(violations.contains("; "), "{violations}");
    let bodies = [
        message(&invalid),
        message(&json!("no customer")),
        "no JSON".to_owned(),
        r#"{"order_date": "yesterday", "customer": {}}"#.to_owned(),
    ];
    let bridge = bridge().await;
    bridge.enqueue(bodies.clone());
    let (received, failed) = bridge.deliver(10).await;
    assert_eq!((received.len(), failed), (4, vec![]));
    let mut letters = bridge.dead_letters();
    letters.sort_by_key(|letter| bodies.iter().position(|body| *body == letter.body));
    assert_eq!(
        letters.iter().map(|letter| &letter.body).collect::<Vec<_>>(),
        bodies.iter().collect::<Vec<_>>()
    );
    let all: Vec<_> = letters.into_iter().map(|letter| letter.attributes).collect();
    assert_eq!(
        all,
        [
            attributes(&[
                ("reason", "invalid_customer"),
                ("detail", &violations),
                ("order_id", "ORD-20231015-NK44X5EPJWKW484Q"),
            ]),
            attributes(&[
                ("reason", "invalid_customer"),
                ("detail", "customer: must be an object")
            ]),
            attributes(&[
                ("reason", "malformed_message"),
                ("detail", "the message is not JSON: line 1, column 2")
            ]),
            attributes(&[
                ("reason", "malformed_message"),
                (
                    "detail",
                    "order_date: must be an RFC 3339 date and time, such as 2023-10-15T14:30:00Z"
                )
            ]),
        ]
    );
    assert_eq!(bridge.sandbox.counters().order_posts, 0);
}

#[tokio::test]
async fn token_is_requested_as_configured() {
    for (client_auth, name) in [(ClientAuth::Basic, "basic"), (ClientAuth::Post, "post")] {
        let settings = Settings {
            client_auth,
            client_id: "client id:ü".to_owned(),
            client_secret: "fixture&secret=%+".to_owned(),
            ..Settings::default()
        };
        let bridge = Bridge::start(settings, |environment: Environment| {
            environment
                .with("OAUTH_CLIENT_AUTH", name)
                .with("OAUTH_SCOPE", "orders:write orders:read")
                .with("OAUTH_AUDIENCE", "https://orders.example.com/")
        })
        .await;
        bridge.enqueue([message(&customer_with_id("1"))]);
        bridge.drain().await;
        assert_eq!(bridge.sandbox.ledger().len(), 1);
        let request = bridge.sandbox.read(|record| record.token_requests[0].clone());
        assert_eq!(request.client_auth, Some(client_auth));
        assert_eq!(request.scope.as_deref(), Some("orders:write orders:read"));
        assert_eq!(request.audience.as_deref(), Some("https://orders.example.com/"));
    }
}

#[tokio::test]
async fn idempotency_key_uses_the_configured_header() {
    let settings = Settings {
        idempotency_key_header: "X-Request-Key".to_owned(),
        ..Settings::default()
    };
    let change = |environment: Environment| environment.with("IDEMPOTENCY_KEY_HEADER", "X-Request-Key");
    let bridge = Bridge::start(settings, change).await;
    bridge.enqueue([message(&customer_with_id("1"))]);
    bridge.drain().await;
    assert_eq!(bridge.sandbox.ledger().len(), 1);
}

#[tokio::test]
async fn concurrent_posts_are_at_most_max_in_flight() {
    for most in [1, 4] {
        let bridge = Bridge::start(Settings::default(), |environment| {
            environment.with("MAX_IN_FLIGHT", most.to_string())
        })
        .await;
        bridge
            .sandbox
            .set_faults([sandbox::Rule::on(sandbox::Endpoint::Orders, sandbox::Action::Pass).latency_ms(5)]);
        bridge.enqueue((0..10).map(|id| message(&customer_with_id(id.to_string()))));
        bridge.deliver(10).await;
        assert_eq!(bridge.sandbox.counters().max_posts_in_flight, most);
        assert_eq!(bridge.sandbox.ledger().len(), 10);
    }
}

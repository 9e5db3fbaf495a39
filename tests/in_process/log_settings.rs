//! `LOG_ERROR_TEXT` and `LOG_CUSTOMER_IDS`: what they put into the log, and what they keep out of it.

use std::sync::LazyLock;

use fixture::{Change, ID, customer_with_id, message, only_id};
use integration_tests::bridge::Bridge;
use sandbox::{Answer, Customers, Endpoint, Rule, Settings};
use serde_json::{Value, json};

use crate::logs::{LOGGING, Log, lines, logged};

const ORDER_DATE: &str = "2023-10-15T14:30:00Z";

/// What the destination writes of an order.
const ERROR_TEXT: &str = "Invalid order: no such region";

/// A part of each customer's id, and of nothing else. With it an id looks like an error code.
const ID_CANARY: &str = "id_canary";

fn with_error_text(status: u16) -> Answer {
    let problem = json!({"title": "Invalid order", "detail": "no such region", "code": "no_region"});
    Answer::status(status).body("application/problem+json", problem.to_string())
}

/// What is logged of an order that is rejected, and of one that is retried.
async fn rejected_and_retried(log_error_text: &str) -> (Value, Value) {
    LazyLock::force(&LOGGING);
    let bridge = Bridge::start(Settings::default(), |environment| {
        environment.with("LOG_ERROR_TEXT", log_error_text)
    })
    .await;
    bridge.sandbox.set_faults([
        Rule::on(Endpoint::Orders, with_error_text(422)).customer("1"),
        Rule::on(Endpoint::Orders, with_error_text(503)).customer("2"),
    ]);
    bridge.enqueue([1, 2].map(|id| message(&customer_with_id(id))));
    assert_eq!(bridge.deliver(2).await.1, ["message-2"]);
    let letters = bridge.dead_letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].attributes["detail"], ERROR_TEXT);
    let text = logged();
    assert!(!bridge.aws.console().text().contains("no such region"));
    let is_logged = text.contains("no such region");
    assert_eq!(is_logged, log_error_text == "true", "{text}");
    let lines = lines(&text);
    let of = |event: &str| {
        let mut lines = lines.iter().filter(|line| line["event"] == event);
        let line = lines.next().unwrap().clone();
        assert_eq!(lines.next(), None);
        line
    };
    (of("order_rejected"), of("order_retried"))
}

#[tokio::test]
async fn error_text_is_logged_where_configured() {
    let (rejected, retried) = rejected_and_retried("true").await;
    assert_eq!(rejected["error_text"], ERROR_TEXT);
    assert_eq!(retried["error_text"], ERROR_TEXT);
}

#[tokio::test]
async fn error_text_is_left_out_by_default() {
    for log_error_text in ["false", ""] {
        let (rejected, retried) = rejected_and_retried(log_error_text).await;
        for (line, status) in [(rejected, 422), (retried, 503)] {
            assert_eq!(line.get("error_text"), None, "{line}");
            assert_eq!(
                (&line["status"], &line["error_code"]),
                (&json!(status), &json!("no_region"))
            );
        }
    }
}

#[tokio::test]
async fn error_text_repeats_no_credential() {
    LazyLock::force(&LOGGING);
    let bridge = Bridge::start(Settings::default(), |environment| {
        environment.with("LOG_ERROR_TEXT", "true")
    })
    .await;
    let token = "fixture-token-kestrel-42";
    let grant = json!({"access_token": token}).to_string();
    let answer = format!("Bearer {token} may not do this");
    bridge.sandbox.set_faults([
        Rule::on(
            Endpoint::Token,
            Answer::status(200).body("application/json", grant),
        ),
        Rule::on(Endpoint::Orders, Answer::status(422).body("text/plain", answer)),
    ]);
    bridge.enqueue([message(&customer_with_id(1))]);
    bridge.drain().await;
    let text = logged();
    assert!(text.contains("Bearer […] may not do this"), "{text}");
    assert!(!text.contains(token));
}

fn id(number: u64) -> String {
    format!("{ID_CANARY}_{number}")
}

/// Customers of every fate: delivered, not valid, no JSON, too large for a message, and three that the destination rejects,
/// retries and blocks.
fn customers() -> Customers {
    let customer = |number| customer_with_id(id(number));
    let elements = [
        customer(1).to_string(),
        only_id(id(2)).to_string(),
        format!(r#"{{"{ID}": "{}", "note": NaN}}"#, id(3)),
        customer(4).with("/note", "x".repeat(2_000_000)).to_string(),
        customer(5).to_string(),
        customer(6).to_string(),
        customer(7).to_string(),
    ];
    Customers::bytes(elements)
}

/// A day on which both functions meet each fate, and the destination names the customer as its error code.
async fn day_of_every_fate() -> (Bridge, String) {
    let settings = Settings {
        customers: customers(),
        ..Settings::default()
    };
    let bridge = Bridge::start(settings, |environment| environment).await;
    let statuses = [(5, 422), (6, 503), (7, 403)];
    bridge.sandbox.set_faults(statuses.map(|(number, status)| {
        let code = json!({"code": id(number).to_uppercase()}).to_string();
        let answer = Answer::status(status).body("application/json", code);
        Rule::on(Endpoint::Orders, answer).customer(id(number))
    }));
    bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    bridge.deliver(10).await;
    let ids: Vec<String> = (1..=7).map(id).collect();
    let chosen = json!({"order_date": ORDER_DATE, "customer_ids": ids, "limit": 7});
    bridge.run(chosen).await.unwrap();
    let log = logged();
    (bridge, log)
}

#[tokio::test]
async fn customer_ids_are_in_no_line_where_configured() {
    LazyLock::force(&LOGGING);
    let without_ids = shared::lambda::logging::subscriber("TRACE", false, || Log);
    let _guard = tracing::subscriber::set_default(without_ids);
    let (bridge, log) = day_of_every_fate().await;
    let count = |event: &str| lines(&log).iter().filter(|line| line["event"] == event).count();
    assert_eq!(
        [
            "customer_rejected",
            "order_delivered",
            "order_rejected",
            "order_retried"
        ]
        .map(count),
        // The first run rejects two, whose ids the second cannot read.
        [2, 1, 2, 2]
    );
    assert!(!log.to_lowercase().contains(ID_CANARY), "{log}");
    assert!(!log.contains("customer_id\""), "{log}");
    assert!(!bridge.aws.console().text().to_lowercase().contains(ID_CANARY));
    // The dead letters keep them.
    let letters = bridge.dead_letters();
    assert!(letters.iter().any(|letter| letter.body.contains(&id(2))));
}

#[tokio::test]
async fn customer_id_is_logged_as_such_only() {
    LazyLock::force(&LOGGING);
    let (_, log) = day_of_every_fate().await;
    let mut named = 0;
    for mut line in lines(&log) {
        let id = line.as_object_mut().unwrap().remove("customer_id");
        named += u64::from(id.is_some());
        assert!(!line.to_string().to_lowercase().contains(ID_CANARY), "{line}");
    }
    assert!(named > 0);
}

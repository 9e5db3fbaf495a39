//! A destination that repeats what it was sent, in every spelling that servers use.

use std::sync::LazyLock;

use fixture::Change;
use integration_tests::bridge::Bridge;
use sandbox::{Echo, EchoPart, Endpoint, Rule, Settings, Spelling};
use serde_json::{Value, value::to_raw_value};
use shared::mapping::customer::personal_values;

use crate::logs::{LOGGING, logged};

/// Statuses of every kind of answer: rejected, this order's own, duplicate, transient.
const STATUSES: [u16; 6] = [400, 403, 409, 422, 429, 500];

/// Shorter texts are in logs by chance.
const MIN_LENGTH: usize = 6;

/// A customer whose values are spelled differently in every spelling.
fn customer(id: &str) -> Value {
    fixture::customer_with_id(id)
        .with("/first_name", "Zo\u{eb} \"Kestrel\"")
        .with("/last_name", "\u{c5}ngstr\u{f6}m & S\u{f8}nner")
        .with("/email", "zoe.kestrel@example.com")
        .with("/phone", "+45 (555) 019-2837")
        .with("/address/street", "7 Vantr\u{f6}p Road\nApt 5/b")
        .with("/address/city", "K\u{f8}benhavnstrup")
}

/// Every text in the log lines, as it was before it was written as JSON, and the lines themselves.
fn texts(log: &str) -> Vec<String> {
    fn leaves(value: &Value, texts: &mut Vec<String>) {
        match value {
            Value::Object(members) => members.values().for_each(|value| leaves(value, texts)),
            Value::Array(elements) => elements.iter().for_each(|value| leaves(value, texts)),
            Value::String(text) => texts.push(text.clone()),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    let mut texts = vec![log.to_owned()];
    for line in log.lines() {
        leaves(&serde_json::from_str(line).unwrap(), &mut texts);
    }
    texts
}

/// Delivers one order for each status, and returns the logs and the metrics.
async fn log_with(echo: impl Fn(u16) -> Echo) -> String {
    LazyLock::force(&LOGGING);
    let bridge = Bridge::start(Settings::default(), |environment| environment).await;
    let ids = STATUSES.map(|status| format!("c{status}"));
    let rules = STATUSES.into_iter().zip(&ids);
    bridge
        .sandbox
        .set_faults(rules.map(|(status, id)| Rule::on(Endpoint::Orders, echo(status)).customer(id)));
    bridge.enqueue(ids.iter().map(|id| fixture::message(&customer(id))));
    bridge.deliver(STATUSES.len()).await;
    assert_eq!(bridge.sandbox.counters().order_posts, STATUSES.len() as u64);
    logged() + &bridge.aws.console().text()
}

#[tokio::test]
async fn repeated_values_reach_no_log_in_any_spelling() {
    let values = personal_values(&to_raw_value(&customer("c")).unwrap());
    for spelling in Spelling::ALL {
        let log = log_with(|status| Echo::problem(status, EchoPart::Values, spelling)).await;
        let texts = texts(&log);
        let spelled = values.iter().map(|value| spelling.spell(value));
        for spelled in spelled.filter(|spelled| spelled.chars().count() >= MIN_LENGTH) {
            let is_logged = texts.iter().any(|text| text.contains(&spelled));
            assert!(!is_logged, "{spelling:?}: {spelled} was logged");
        }
    }
}

#[tokio::test]
async fn repeated_body_reaches_no_log_in_any_spelling() {
    let values = personal_values(&to_raw_value(&customer("c")).unwrap());
    for spelling in Spelling::ALL {
        let log = log_with(|status| Echo::problem(status, EchoPart::Body, spelling)).await;
        let texts = texts(&log);
        // The body is JSON, so that a value in it is escaped before it is spelled again.
        let spelled = values.iter().map(|value| {
            let quoted = serde_json::to_string(value).unwrap();
            spelling.spell(quoted.trim_matches('"'))
        });
        for spelled in spelled.filter(|spelled| spelled.chars().count() >= MIN_LENGTH) {
            let is_logged = texts.iter().any(|text| text.contains(&spelled));
            assert!(!is_logged, "{spelling:?}: {spelled} was logged");
        }
    }
}

//! The preflight check of both functions: what each step says, and what it says to change.

mod fetch_customers;
mod secrets;
mod submit_orders;
mod unreachable;

use std::sync::LazyLock;

use integration_tests::{
    bridge::{Bridge, Environment, FUNCTION_TIMEOUT, MAX_RUN_TIMEOUT, REQUEST_ID, raw, until},
    canaries::canaries,
};
use sandbox::{Action, Answer, Endpoint, Rule, Settings};
use serde_json::{Value, json};
use tokio::{net::TcpListener, time::Instant};

use crate::logs::{LOGGING, lines, logged};

/// A part of each customer's id, and of nothing else.
const ID_CANARY: &str = "idcanary";

/// A text of an API that must not be repeated.
const API_TEXT: &str = "text of the API";

fn check() -> Value {
    json!({"check": true})
}

/// Checks `fetch-customers`.
async fn check_fetch_customers(bridge: &Bridge) -> Value {
    LazyLock::force(&LOGGING);
    let invocation = until(Instant::now() + MAX_RUN_TIMEOUT);
    let answer = bridge.fetch.answer(&raw(&check()), invocation).await.unwrap();
    without_effect(bridge, &serde_json::to_string(&answer).unwrap())
}

/// Checks `submit-orders`.
async fn check_submit_orders(bridge: &Bridge) -> Value {
    LazyLock::force(&LOGGING);
    let invocation = until(Instant::now() + FUNCTION_TIMEOUT);
    let answer = bridge.submit.answer(&raw(&check()), invocation).await.unwrap();
    without_effect(bridge, &serde_json::to_string(&answer).unwrap())
}

/// The answer to a check, which has changed nothing and shows nothing.
fn without_effect(bridge: &Bridge, text: &str) -> Value {
    for action in [
        "SendMessage",
        "SendMessageBatch",
        "Invoke",
        "DeleteMessageBatch",
        "ChangeMessageVisibilityBatch",
    ] {
        assert!(bridge.aws.calls(action).is_empty(), "{action}");
    }
    assert_eq!(bridge.sandbox.counters().order_posts, 0);
    assert_eq!(bridge.aws.console().text(), "", "no metrics");
    let log = logged();
    for canary in canaries(&bridge.sandbox)
        .iter()
        .map(String::as_str)
        .chain([ID_CANARY, API_TEXT, "hunter2"])
    {
        assert!(!text.contains(canary), "{canary} is in: {text}");
        assert!(!log.contains(canary), "{canary} is in: {log}");
    }
    // Where `infra/invoke.sh` looks for it.
    assert!(text.starts_with(r#"{"ok":"#), "{text}");
    let answer = serde_json::from_str(text).unwrap();
    assert_logged(&answer, &log);
    answer
}

/// The invocation has one line above DEBUG.
fn assert_logged(answer: &Value, log: &str) {
    let lines = lines(log);
    let is_above_debug = |line: &&Value| line["level"] != "TRACE" && line["level"] != "DEBUG";
    let summaries: Vec<_> = lines.iter().filter(is_above_debug).collect();
    let [line] = summaries.as_slice() else {
        panic!("{summaries:?}")
    };
    let (level, event) = if answer["ok"] == true {
        ("INFO", "preflight_passed")
    } else {
        ("ERROR", "preflight_failed")
    };
    assert_eq!((&line["level"], &line["event"]), (&json!(level), &json!(event)));
    assert_eq!(line["request_id"], REQUEST_ID);
}

/// The names of the steps, and whether each passed. The answer's `ok` says whether all did, and only a failed step says
/// what to do.
fn outcome(answer: &Value) -> Vec<(&str, bool)> {
    let steps = answer["steps"].as_array().unwrap();
    for step in steps {
        assert!(step["took_ms"].is_u64(), "{step}");
        assert!(
            step["says"].as_str().is_some_and(|says| !says.is_empty()),
            "{step}"
        );
        assert_eq!(step["do"].is_string(), step["ok"] == false, "{step}");
    }
    let outcome: Vec<(&str, bool)> = steps
        .iter()
        .map(|step| (step["step"].as_str().unwrap(), step["ok"].as_bool().unwrap()))
        .collect();
    assert_eq!(answer["ok"], outcome.iter().all(|(_, ok)| *ok));
    outcome
}

fn step<'a>(answer: &'a Value, name: &str) -> &'a Value {
    let mut steps = answer["steps"].as_array().unwrap().iter();
    steps
        .find(|step| step["step"] == name)
        .unwrap_or_else(|| panic!("no {name} in: {answer}"))
}

/// A step fails, and says this, and this is what to do.
#[track_caller]
fn assert_failed(answer: &Value, name: &str, says: &str, to_do: &str) {
    outcome(answer);
    let step = step(answer, name);
    assert_eq!(step["ok"], false, "{step}");
    let has = |field: &str, text: &str| step[field].as_str().is_some_and(|found| found.contains(text));
    assert!(has("says", says), "{says} is not in: {step}");
    assert!(has("do", to_do), "{to_do} is not in: {step}");
}

#[tokio::test]
async fn check_beside_other_fields_is_refused() {
    let bridge = Bridge::start(Settings::default(), |environment| environment).await;
    bridge.enqueue([fixture::message(&fixture::customer())]);
    let mut batch: Value =
        serde_json::from_str(include_str!("../../infra/events/two-messages.json")).unwrap();
    batch["check"] = json!(true);
    let run = json!({"check": true, "order_date": "2023-10-15T14:30:00Z"});
    let invocation = until(Instant::now() + FUNCTION_TIMEOUT);
    let fetch = bridge.fetch.answer(&raw(&run), invocation).await.unwrap_err();
    let submit = bridge.submit.answer(&raw(&batch), invocation).await.unwrap_err();
    const RULE: &str = r#"a preflight check is {"check": true} and nothing else: the field"#;
    assert_eq!(fetch.to_string(), format!(r#"{RULE} "order_date" is not known"#));
    assert_eq!(submit.to_string(), format!(r#"{RULE} "Records" is not known"#));
    for diagnostic in [lambda_runtime::Diagnostic::from(fetch), submit.into()] {
        assert_eq!(diagnostic.error_type, "InvalidCheckInput");
    }
    assert_eq!(bridge.sandbox.counters().order_posts, 0);
    assert_eq!(bridge.sandbox.counters().source_requests, 0);
}

#[tokio::test]
async fn work_is_answered_as_before() {
    let bridge = Bridge::start(Settings::default(), |environment| environment).await;
    let invocation = until(Instant::now() + FUNCTION_TIMEOUT);
    let run = json!({"order_date": "2023-10-15T14:30:00Z"});
    let answer = bridge.fetch.answer(&raw(&run), invocation).await.unwrap();
    assert_eq!(serde_json::to_value(answer).unwrap()["fetched"], 0);
    let batch = include_str!("../../infra/events/two-messages.json");
    let batch = serde_json::from_str(batch).unwrap();
    let answer = bridge.submit.answer(&raw(&batch), invocation).await.unwrap();
    assert_eq!(
        serde_json::to_value(answer).unwrap(),
        json!({"batchItemFailures": []})
    );
    let none = bridge
        .submit
        .answer(&raw(&json!({})), invocation)
        .await
        .unwrap_err();
    assert!(none.to_string().starts_with("the input is not an SQS event"));
}

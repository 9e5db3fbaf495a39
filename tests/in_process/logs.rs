//! What is logged, and what never is.

use std::{cell::RefCell, collections::BTreeSet, io, sync::LazyLock};

use integration_tests::{
    bridge::{Bridge, MAX_RUN_TIMEOUT, REQUEST_ID, raw, until},
    canaries::canaries,
};
use sandbox::{Action, Answer, Endpoint, Rule, Settings, customers};
use serde_json::{Value, json};
use shared::{lambda::invocation::Invocation, mapping::customer::Customer};
use tokio::time::Instant;

use crate::bad_day::bad_day;

const ORDER_DATE: &str = "2023-10-15T14:30:00Z";

const TRACE_ID: &str = "1-5759e988-bd862e3fe1be46a994272793";

thread_local! {
    /// What this thread has logged, so what its test has: each runs on a thread of its own.
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// One subscriber for all threads: what a callsite is interested in is kept for the whole process.
pub(crate) static LOGGING: LazyLock<()> = LazyLock::new(|| {
    tracing::subscriber::set_global_default(shared::lambda::logging::subscriber("TRACE", true, || Log))
        .unwrap();
});

/// Writes to the log of its thread.
pub(crate) struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(crate) fn logged() -> String {
    String::from_utf8(LOG.take()).unwrap()
}

/// What a line reports: its event, or its message where it has none.
fn event(line: &Value) -> &str {
    let name = line["event"].as_str().or_else(|| line["message"].as_str());
    name.unwrap()
}

pub(crate) fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[tokio::test]
async fn bad_day_logs_no_personal_data_or_credential() {
    LazyLock::force(&LOGGING);
    let (bridge, _) = bad_day().await;
    let text = logged();
    let lines = lines(&text);
    let ours = lines
        .iter()
        .filter(|line| !line["target"].as_str().unwrap().starts_with("aws_"));
    let events: BTreeSet<&str> = ours.map(event).collect();
    assert_eq!(
        events.into_iter().collect::<Vec<_>>(),
        [
            "batch_sent",
            "batch_settled",
            "circuit_closed",
            "circuit_half_open",
            "circuit_opened",
            "customer_rejected",
            "message_received",
            "messages_retried",
            "order_deferred",
            "order_delivered",
            "order_mapped",
            "order_posted",
            "order_rejected",
            "order_retried",
            "page_read",
            "page_started",
            "request_repeated",
            "run_completed",
            "run_ended_early",
            "run_started",
            "token_requested",
            "token_reused",
            "visibility_not_changed",
        ]
    );
    let at_info = lines.iter().filter(|line| line["level"] == "INFO");
    let summaries = ["batch_settled", "run_completed"];
    assert!(at_info.clone().all(|line| summaries.contains(&event(line))));
    // The second run ends early, at ERROR, and the third is none.
    assert_eq!(at_info.count(), bridge.aws.console().metrics().len() - 1);
    let metrics = bridge.aws.console().text();
    let canaries = canaries(&bridge.sandbox);
    assert!(canaries.len() > 500, "{}", canaries.len());
    for canary in &canaries {
        assert!(!text.contains(canary), "{canary} was logged");
        assert!(!metrics.contains(canary), "{canary} is in a metric");
    }
    for letter in bridge.dead_letters() {
        for canary in &canaries {
            assert!(
                letter.attributes.values().all(|value| !value.contains(canary)),
                "{canary} is in an attribute"
            );
        }
    }
}

#[tokio::test]
async fn rejection_is_logged_with_order_and_reason() {
    LazyLock::force(&LOGGING);
    let bridge = Bridge::start(Settings::default(), |environment| environment).await;
    let customer = fixture::only_id("7");
    let violations = Customer::read(&raw(&customer))
        .unwrap_err()
        .violations
        .to_string();
    assert!(violations.contains("; "), "{violations}");
    bridge.enqueue([fixture::message(&customer)]);
    bridge.deliver(1).await;
    let mut lines = lines(&logged());
    for line in &mut lines {
        let line = line.as_object_mut().unwrap();
        let timestamp = line.remove("timestamp").unwrap();
        time::OffsetDateTime::parse(
            timestamp.as_str().unwrap(),
            &time::format_description::well_known::Rfc3339,
        )
        .unwrap();
        line.remove("elapsed_ms");
    }
    assert_eq!(
        lines,
        [
            json!({
                "level": "DEBUG", "target": "submit_orders::handler::log_events", "message": "message received",
                "event": "message_received", "message_id": "message-1", "receives": 1
            }),
            json!({
                "level": "ERROR", "target": "submit_orders::handler::log_events",
                "message": "order rejected: the message was dead-lettered", "event": "order_rejected", "message_id": "message-1",
                "order_date": ORDER_DATE, "customer_id": "7",
                "order_id": "ORD-20231015-NK44X5EPJWKW484Q", "reason": "invalid_customer",
                "detail": violations
            }),
            json!({
                "level": "INFO", "target": "submit_orders::handler::stats", "message": "batch settled", "event": "batch_settled",
                "request_id": REQUEST_ID, "received": 1, "delivered": 0, "duplicate": 0, "rejected": 1, "retried": 0,
                "deferred": 0
            })
        ]
    );
}

/// Invokes both functions with a trace, over so many customers, all of them valid.
async fn traced_day(count: u64) -> Vec<Value> {
    LazyLock::force(&LOGGING);
    let valid = customers::generate(2 * count, 7)
        .into_iter()
        .filter(|customer| customer.expected.is_order());
    let settings = Settings {
        customers: valid
            .take(usize::try_from(count).unwrap())
            .collect::<Vec<_>>()
            .into(),
        ..Settings::default()
    };
    let bridge = Bridge::start(settings, |environment| environment.with("MAX_IN_FLIGHT", "1")).await;
    let header = format!("Root={TRACE_ID};Parent=53995c3f42cd8ad8;Sampled=1");
    let invocation = Invocation {
        trace_header: Some(&header),
        ..until(Instant::now() + MAX_RUN_TIMEOUT)
    };
    let run = raw(&json!({"order_date": ORDER_DATE}));
    bridge.fetch.handle(&run, invocation).await.unwrap();
    bridge.deliver(100).await;
    assert_eq!(bridge.sandbox.ledger().len() as u64, count);
    lines(&logged())
}

#[tokio::test]
async fn debug_level_logs_each_step() {
    let lines = traced_day(2).await;
    let steps: Vec<(&str, &str)> = lines
        .iter()
        .map(|line| (line["level"].as_str().unwrap(), event(line)))
        .collect();
    assert_eq!(
        steps,
        [
            ("DEBUG", "run_started"),
            ("DEBUG", "page_started"),
            ("DEBUG", "page_read"),
            ("DEBUG", "batch_sent"),
            ("INFO", "run_completed"),
            ("DEBUG", "message_received"),
            ("DEBUG", "order_mapped"),
            ("DEBUG", "token_requested"),
            ("DEBUG", "order_posted"),
            ("DEBUG", "order_delivered"),
            ("DEBUG", "message_received"),
            ("DEBUG", "order_mapped"),
            ("DEBUG", "token_reused"),
            ("DEBUG", "order_posted"),
            ("DEBUG", "order_delivered"),
            ("INFO", "batch_settled"),
        ]
    );
    let posted = lines.iter().find(|line| line["event"] == "order_posted").unwrap();
    assert_eq!(posted["status"], 201);
    assert!(posted["elapsed_ms"].is_u64() && posted["order_id"].is_string());
}

#[tokio::test]
async fn line_names_its_run_message_and_trace() {
    for line in traced_day(3).await {
        let event = event(&line);
        let names = |field: &str| !line[field].is_null();
        match line["target"].as_str().unwrap().split("::").next().unwrap() {
            "fetch_customers" => assert_eq!(line["order_date"], ORDER_DATE, "{line}"),
            "submit_orders" if !event.contains("token") && event != "batch_settled" => {
                assert!(names("message_id") || names("order_id"), "{line}");
            }
            _ => {}
        }
        let is_summary = line["level"] == "INFO";
        assert_eq!(is_summary, line["request_id"] == REQUEST_ID, "{line}");
        // The invocation of submit-orders is not traced here; its messages are.
        if event == "run_completed" || names("message_id") {
            assert_eq!(line["xray_trace_id"], TRACE_ID, "{line}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn retried_page_is_logged_with_status_or_error_code() {
    LazyLock::force(&LOGGING);
    let bridge = Bridge::start(Settings::default(), |environment| environment).await;
    bridge.sandbox.set_faults([
        Rule::on(Endpoint::Customers, Answer::status(503)).calls(1),
        // A request that broke without an answer is repeated once, at once.
        Rule::on(Endpoint::Customers, Action::Reset).calls([2, 3]),
        Rule::on(Endpoint::Customers, Answer::status(404)).calls(4),
    ]);
    let input = json!({"order_date": ORDER_DATE});
    bridge.run(input).await.unwrap_err();
    let lines = lines(&logged());
    let of = |event: &str| {
        let lines = lines.iter().filter(|line| line["event"] == event);
        lines
            .map(|line| (line["status"].clone(), line["error_code"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        of("page_retried"),
        [(json!(503), Value::Null), (Value::Null, json!("interrupted"))]
    );
    assert_eq!(of("run_ended_early"), [(json!(404), Value::Null)]);
}

#[tokio::test]
async fn unreachable_destination_is_logged_with_error_code() {
    LazyLock::force(&LOGGING);
    let bridge = Bridge::start(Settings::default(), |environment| {
        environment.with("DESTINATION_URL", format!("{}/orders", sandbox::refused_url()))
    })
    .await;
    bridge.enqueue([fixture::message(&fixture::customer())]);
    assert_eq!(bridge.deliver(1).await.1.len(), 1);
    let lines = lines(&logged());
    let retried: Vec<_> = lines
        .iter()
        .filter(|line| line["event"] == "order_retried")
        .collect();
    assert_eq!(retried.len(), 1);
    assert_eq!(
        (
            &retried[0]["reason"],
            &retried[0]["status"],
            &retried[0]["error_code"]
        ),
        (&json!("unreachable"), &Value::Null, &json!("connection_refused"))
    );
}

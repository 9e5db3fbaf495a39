//! What ends a run early, and the error that it ends in.

use integration_tests::{bridge::SOURCE_SECRET, canaries::canaries};
use sandbox::Action;

use super::*;

/// The error of a run that the source's answer, or the secret, spoils on its first page.
async fn error_with(rule: Option<Rule>, secret: Option<&str>) -> String {
    let bridge = bridge(source(25, 10)).await;
    bridge.sandbox.set_faults(rule);
    if let Some(secret) = secret {
        bridge.aws.set_secret(SOURCE_SECRET, secret);
    }
    let error = bridge
        .run_within(Duration::from_secs(200), json!({"order_date": ORDER_DATE}))
        .await
        .unwrap_err()
        .to_string();
    for canary in canaries(&bridge.sandbox) {
        assert!(!error.contains(&canary), "{canary} is in: {error}");
    }
    error
}

#[tokio::test(start_paused = true)]
async fn unreadable_page_ends_the_run_early() {
    let answer = |answer: Answer| Some(Rule::on(Endpoint::Customers, answer));
    let json = |body: &str| answer(Answer::status(200).body("application/json", body.to_owned()));
    let action = |action| Some(Rule::on(Endpoint::Customers, action));
    for (rule, expected) in [
        (
            answer(Answer::status(403)),
            "the source refused the API key of secret arn:aws:secretsmanager:eu-west-1:123456789012:secret:source-AbCdEf \
             with 403 Forbidden, on page 1: correct its `api_key`",
        ),
        (
            answer(Answer::status(500)),
            "the source answered 500 Internal Server Error, not 200, to the request for page 1",
        ),
        (
            answer(Answer::status(404)),
            "the source answered 404 Not Found, not 200, to the request for page 1",
        ),
        (
            answer(Answer::status(206)),
            "the source answered 206 Partial Content, not 200, to the request for page 1",
        ),
        (
            answer(Answer::status(403).retry_after(100_000)),
            "the source refused the API key of secret arn:aws:secretsmanager:eu-west-1:123456789012:secret:source-AbCdEf \
             with 403 Forbidden, on page 1: correct its `api_key`",
        ),
        (
            answer(Answer::redirect("https://elsewhere.example.com/")),
            "the source answered 307 Temporary Redirect, not 200, to the request for page 1",
        ),
        (
            json("\r\n<html>"),
            "page 1 of the source is not a JSON array: it stops being one at byte 2. It starts like HTML or XML",
        ),
        (
            json("{}"),
            "page 1 of the source is not a JSON array: it stops being one at byte 0. It starts like an object: \
             SourceItems names the list in an object",
        ),
        (
            json("null"),
            "page 1 of the source is not a JSON array: it stops being one at byte 0",
        ),
        (
            json("[1] 2"),
            "page 1 of the source is not a JSON array: it stops being one at byte 4",
        ),
        (
            json(""),
            "page 1 of the source was cut short: its JSON continues after its last byte, 0",
        ),
        (
            action(Action::Reset),
            "page 1 of the source could not be read from byte 0 on: the connection broke",
        ),
        (
            action(Action::Hang),
            "page 1 of the source could not be read from byte 0 on: no answer in time",
        ),
        (
            action(Action::Truncate {
                reset: true,
                instead: Some(Answer::status(200).body("application/json", "[ 1")),
            }),
            "page 1 of the source could not be read from byte 1 on: the connection broke",
        ),
    ] {
        let error = error_with(rule, None).await;
        let enqueued = u8::from(error.contains("byte 4"));
        assert_eq!(
            error,
            format!(
                "the run of 2023-10-15T14:30:00Z ended early, with {enqueued} customers enqueued: {expected}. Run it \
                 again with the same order_date: no order is created twice"
            )
        );
    }
}

#[tokio::test]
async fn invalid_secret_is_named_but_not_shown() {
    for (secret, expected) in [
        (
            "hunter2",
            "must be a JSON object with the text `api_key`: it is not a JSON object",
        ),
        (
            r#"{"key": "hunter2"}"#,
            "must be a JSON object with the text `api_key`: missing, empty or not text: api_key",
        ),
        (
            r#"{"api_key": "hunter2\n"}"#,
            "the API key holds characters that no HTTP header can carry",
        ),
        (
            r#"{"api_key": "hunter2"}"#,
            "with 401 Unauthorized, on page 1: correct its `api_key`",
        ),
    ] {
        let error = error_with(None, Some(secret)).await;
        assert!(error.contains(expected), "{expected} is not in: {error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    let bridge = Bridge::start(source(1, 0), |environment| {
        environment.with("SOURCE_SECRET_ARN", "arn:aws:gone")
    })
    .await;
    let error = bridge
        .run(json!({"order_date": ORDER_DATE}))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("cannot read the secret arn:aws:gone: "), "{error}");
    assert!(error.contains("ResourceNotFoundException"), "{error}");
}

#[tokio::test]
async fn next_page_elsewhere_or_repeated_is_error() {
    let elsewhere = sandbox::Sandbox::start(source(1, 0)).await.unwrap();
    let link = |target: &str| {
        let answer = Answer::status(200).body("application/json", json!([only_id("1")]).to_string());
        [Rule::on(
            Endpoint::Customers,
            answer.header("link", format!(r#"<{target}>; rel="next""#)),
        )]
    };
    let bridge = bridge(source(25, 10)).await;
    for (target, expected) in [
        (
            elsewhere.customers_url(),
            "links to a next page on another origin",
        ),
        (
            "//elsewhere.example.com/customers".to_owned(),
            "links to a next page on another origin",
        ),
        (
            "/customers".to_owned(),
            "page 1 of the source links back to a page that was read already",
        ),
        (
            bridge.sandbox.customers_url(),
            "page 1 of the source links back to a page that was read already",
        ),
    ] {
        bridge.sandbox.set_faults(link(&target));
        let error = bridge
            .run(json!({"order_date": ORDER_DATE}))
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{expected} is not in: {error}");
    }
    assert_eq!(elsewhere.counters().source_requests, 0);
}

#[tokio::test]
async fn repeated_run_completes_after_a_failed_page() {
    let bridge = bridge(source(25, 10)).await;
    bridge
        .sandbox
        .set_faults([Rule::on(Endpoint::Customers, Answer::status(404)).calls(2)]);
    let error = bridge
        .run(json!({"order_date": ORDER_DATE}))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("ended early, with 10 customers enqueued: the source answered 404 Not Found"),
        "{error}"
    );
    assert_eq!(bodies(&bridge).len(), 10);
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!(run.progress.enqueued, 25);
    assert_eq!(bodies(&bridge).iter().collect::<HashSet<_>>().len(), 25);
}

#[tokio::test(start_paused = true)]
async fn body_cut_anywhere_enqueues_what_was_read() {
    let customers: Vec<String> = (0..20)
        .map(|id| match id % 4 {
            0 => only_id(id.to_string()).to_string(),
            1 => only_id(id).to_string().replacen('{', r#"{"a":["]}\"é",{}], "#, 1),
            2 => format!(r#""not a customer, \\{id}""#),
            _ => id.to_string(),
        })
        .collect();
    let body = format!("[{}]", customers.join(","));
    let expected: Vec<String> = customers
        .iter()
        .map(|customer| format!(r#"{{"order_date":"{ORDER_DATE}","customer":{customer}}}"#))
        .collect();
    let bridge = bridge(Settings {
        customers: Customers::Given(customers.iter().cloned().collect()),
        ..Settings::default()
    })
    .await;
    for cut in 0..body.len() {
        // A number ends only where something else begins.
        let mut end = 0;
        let read = customers.iter().take_while(|customer| {
            end += 1 + customer.len();
            end + usize::from(!customer.ends_with(['}', '"'])) <= cut
        });
        let read = read.count();
        for broken in [true, false] {
            let mut part = body.as_bytes()[..cut].to_vec();
            let (action, why) = if broken {
                // Half of it is sent.
                part.resize(2 * cut, b' ');
                (
                    Action::Truncate {
                        reset: cut % 2 == 0,
                        instead: Some(Answer::status(200).body("application/json", part)),
                    },
                    format!("could not be read from byte {cut} on: the connection broke"),
                )
            } else {
                (
                    Answer::status(200).body("application/json", part).into(),
                    format!("was cut short: its JSON continues after its last byte, {cut}"),
                )
            };
            bridge.sandbox.set_faults([Rule::on(Endpoint::Customers, action)]);
            // So little time that nothing is asked for twice.
            let error = bridge
                .run_within(Duration::from_millis(500), json!({"order_date": ORDER_DATE}))
                .await
                .unwrap_err()
                .to_string();
            let why = format!("with {read} customers enqueued: page 1 of the source {why}. ");
            assert!(error.contains(&why), "{why} is not in {error}");
            assert_eq!(take_bodies(&bridge), expected[..read], "{cut}");
            if !broken {
                continue;
            }
            bridge.sandbox.set_faults([]);
            bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
            assert_eq!(take_bodies(&bridge), expected, "{cut}");
        }
    }
}

/// What is on the queue, which is empty then.
fn take_bodies(bridge: &Bridge) -> Vec<String> {
    bridge.aws.queues(|queues| {
        let messages = queues.receive(QUEUE_URL, usize::MAX, |_| 0);
        for message in &messages {
            queues.delete(QUEUE_URL, &message.receipt_handle()).unwrap();
        }
        messages.into_iter().map(|message| message.body).collect()
    })
}

//! `fetch-customers` between a source and a queue.

use std::collections::HashSet;

use integration_tests::{
    aws::Fault,
    bridge::{Bridge, Environment, SOURCE_SECRET, raw},
};
use sandbox::{Answer, Customers, Endpoint, LinkTargets, Rule, Settings, customers};
use serde_json::{Value, json};

const ORDER_DATE: &str = "2023-10-15T14:30:00Z";

/// A source of `count` customers, some of them invalid, on pages of `page_size`.
fn source(count: u64, page_size: u64) -> Settings {
    Settings {
        customers: customers::generate(count, 7).into(),
        page_size,
        ..Settings::default()
    }
}

fn given<const N: usize>(customers: [Value; N]) -> Customers {
    Customers::Given(customers.iter().map(Value::to_string).collect())
}

async fn bridge(settings: Settings) -> Bridge {
    Bridge::start(settings, |environment| environment).await
}

/// A summary without the time that it took.
fn summary(run: &fetch_customers::run::Summary) -> Value {
    let mut summary = serde_json::to_value(run).unwrap();
    assert!(
        summary
            .as_object_mut()
            .unwrap()
            .remove("elapsed_ms")
            .unwrap()
            .is_u64()
    );
    summary
}

fn bodies(bridge: &Bridge) -> Vec<String> {
    bridge.waiting().into_iter().map(|message| message.body).collect()
}

#[tokio::test]
async fn every_customer_is_put_on_the_queue_verbatim_with_the_order_date() {
    for link_targets in [LinkTargets::Relative, LinkTargets::Absolute] {
        let bridge = bridge(Settings {
            link_targets,
            ..source(25, 10)
        })
        .await;
        let run = bridge
            .run(json!({"order_date": "2023-10-15T16:30:00+02:00"}))
            .await
            .unwrap();
        assert_eq!(
            summary(&run),
            json!({"order_date": ORDER_DATE, "pages": 3, "fetched": 25, "enqueued": 25, "skipped": 0,
                   "rejected": 0, "dry_run": false})
        );
        let expected: Vec<String> = customers::generate(25, 7)
            .iter()
            .map(|customer| format!(r#"{{"order_date":"{ORDER_DATE}","customer":{}}}"#, customer.json))
            .collect();
        assert_eq!(bodies(&bridge), expected);
        assert_eq!(bridge.aws.calls("SendMessageBatch").len(), 3);
        assert_eq!(bridge.aws.calls("GetSecretValue").len(), 1);
        assert_eq!(bridge.sandbox.counters().source_requests, 3);
    }
}

#[tokio::test]
async fn an_empty_source_is_a_complete_run() {
    let bridge = bridge(source(0, 0)).await;
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!((run.pages, run.fetched, run.enqueued), (1, 0, 0));
    assert_eq!(bridge.aws.calls("SendMessageBatch").len(), 0);
}

#[tokio::test]
async fn a_backfill_takes_the_customers_asked_for_and_skips_the_others() {
    let bridge = bridge(Settings {
        customers: given([json!({"customer_id": "a"}), json!({"customer_id": 7}), json!([1])]),
        ..Settings::default()
    })
    .await;
    let run = bridge
        .run(json!({"order_date": ORDER_DATE, "customer_ids": ["7", "gone"]}))
        .await
        .unwrap();
    assert_eq!(
        (run.fetched, run.enqueued, run.skipped, run.rejected),
        (3, 1, 2, 0)
    );
    assert_eq!(
        bodies(&bridge),
        [format!(
            r#"{{"order_date":"{ORDER_DATE}","customer":{{"customer_id":7}}}}"#
        )]
    );
}

#[tokio::test]
async fn a_limit_ends_the_run_before_the_rest_is_read() {
    let bridge = bridge(source(25, 10)).await;
    let run = bridge
        .run(json!({"order_date": ORDER_DATE, "limit": 12}))
        .await
        .unwrap();
    assert_eq!(
        (run.pages, run.fetched, run.enqueued, run.skipped),
        (2, 12, 12, 0)
    );
    assert_eq!(bodies(&bridge).len(), 12);
    let run = bridge
        .run(json!({"order_date": ORDER_DATE, "limit": 0}))
        .await
        .unwrap();
    assert_eq!((run.pages, run.fetched, run.enqueued), (0, 0, 0));
}

#[tokio::test]
async fn a_dry_run_counts_and_puts_nothing_on_the_queue() {
    let bridge = bridge(source(25, 10)).await;
    let run = bridge
        .run(json!({"order_date": ORDER_DATE, "dry_run": true}))
        .await
        .unwrap();
    assert_eq!(
        summary(&run),
        json!({"order_date": ORDER_DATE, "pages": 3, "fetched": 25, "enqueued": 25, "skipped": 0, "rejected": 0,
               "dry_run": true})
    );
    assert_eq!(bodies(&bridge).len(), 0);
    assert_eq!(bridge.aws.calls("SendMessageBatch").len(), 0);
}

#[tokio::test]
async fn the_runs_trace_goes_with_every_message() {
    let bridge = bridge(source(3, 0)).await;
    let header = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
    bridge
        .fetch
        .handle(&raw(&json!({"order_date": ORDER_DATE})), Some(header))
        .await
        .unwrap();
    for message in bridge.waiting() {
        assert_eq!(message.trace_header.as_deref(), Some(header));
    }
}

#[tokio::test]
async fn entries_that_sqs_failed_to_take_are_sent_again() {
    let bridge = bridge(source(25, 0)).await;
    let mut calls = 0;
    bridge.aws.set_faults(move |call| {
        calls += u64::from(call.action == "SendMessageBatch");
        (calls == 1).then(|| Fault::FailEntries {
            entries: vec![0, 4, 9],
            sender_fault: false,
        })
    });
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!((run.fetched, run.enqueued, run.rejected), (25, 25, 0));
    assert_eq!(bodies(&bridge).iter().collect::<HashSet<_>>().len(), 25);
    let sizes: Vec<usize> = bridge
        .aws
        .calls("SendMessageBatch")
        .iter()
        .map(|call| call.input["Entries"].as_array().unwrap().len())
        .collect();
    assert_eq!(sizes, [10, 3, 10, 5]);
}

#[tokio::test]
async fn what_sqs_refuses_for_good_is_counted_as_rejected_and_the_run_goes_on() {
    let bridge = bridge(source(25, 0)).await;
    let mut calls = 0;
    bridge.aws.set_faults(move |call| {
        calls += u64::from(call.action == "SendMessageBatch");
        (calls == 2).then(|| Fault::FailEntries {
            entries: vec![1],
            sender_fault: true,
        })
    });
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!((run.fetched, run.enqueued, run.rejected), (25, 24, 1));
    assert_eq!(bodies(&bridge).len(), 24);
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_takes_nothing_ends_the_run_and_says_how_far_it_came() {
    let bridge = bridge(source(25, 0)).await;
    bridge.aws.set_faults(|call| {
        let fails = call.action == "SendMessageBatch";
        fails.then(|| Fault::FailEntries {
            entries: (0..10).collect(),
            sender_fault: false,
        })
    });
    let error = bridge
        .run(json!({"order_date": ORDER_DATE}))
        .await
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        "the run of 2023-10-15T14:30:00Z ended early, with 0 customers enqueued: 10 customers could not be put on \
         the queue in 5 attempts, the last time because of InternalError. Run it again with the same order_date: \
         no order is made twice"
    );
}

#[tokio::test]
async fn a_customer_too_large_for_a_message_is_rejected_and_the_run_goes_on() {
    let customer = |id: u64, bytes: usize| json!({"customer_id": id, "note": "x".repeat(bytes)});
    // The largest that leaves 16 KiB of a message free for a dead letter's attributes, and one byte more.
    let frame = format!(r#"{{"order_date":"{ORDER_DATE}","customer":{}}}"#, customer(1, 0)).len();
    let most = 1_048_576 - 16_384 - frame;
    let bridge = bridge(Settings {
        customers: given([
            customer(1, most),
            customer(2, most + 1),
            customer(3, 1),
            customer(4, most),
        ]),
        ..Settings::default()
    })
    .await;
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!((run.fetched, run.enqueued, run.rejected), (4, 3, 1));
    let lengths: Vec<usize> = bodies(&bridge).iter().map(String::len).collect();
    assert_eq!(lengths, [1_032_192, frame + 1, 1_032_192]);
}

#[tokio::test]
async fn characters_that_sqs_refuses_are_escaped_and_the_value_stays_the_same() {
    let customer = r#"{"customer_id": "1", "note": "￾￿	"}"#.replace('\t', "\\t");
    assert!(customer.contains(['\u{fffe}', '\u{ffff}']));
    let bridge = bridge(Settings {
        customers: Customers::Given([customer.clone()].into()),
        ..Settings::default()
    })
    .await;
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!((run.enqueued, run.rejected), (1, 0));
    let body: Value = serde_json::from_str(&bodies(&bridge)[0]).unwrap();
    assert_eq!(
        body["customer"],
        serde_json::from_str::<Value>(&customer).unwrap()
    );
}

/// The error of a run that the source's answer, or the secret, spoils on its first page.
async fn error_with(rule: Option<Rule>, secret: Option<&str>) -> String {
    let bridge = bridge(source(25, 10)).await;
    bridge.sandbox.set_faults(rule);
    if let Some(secret) = secret {
        bridge.aws.set_secret(SOURCE_SECRET, secret);
    }
    let error = bridge
        .run(json!({"order_date": ORDER_DATE}))
        .await
        .unwrap_err()
        .to_string();
    for canary in bridge.sandbox.canaries() {
        assert!(!error.contains(&canary), "{canary} is in: {error}");
    }
    error
}

#[tokio::test]
async fn a_source_that_gives_no_page_ends_the_run_with_one_clear_error() {
    let answer = |answer: Answer| Some(Rule::on(Endpoint::Customers, answer));
    let json = |body: &str| answer(Answer::status(200).body("application/json", body.to_owned()));
    for (rule, expected) in [
        (
            answer(Answer::status(403)),
            "the source refused the API key with 403 Forbidden, on page 1",
        ),
        (
            answer(Answer::status(500)),
            "the source answered 500 Internal Server Error, not 200",
        ),
        (
            answer(Answer::status(404)),
            "the source answered 404 Not Found, not 200",
        ),
        (
            answer(Answer::redirect("https://elsewhere.example.com/")),
            "the source answered 307 Temporary Redirect",
        ),
        (
            json("<html>"),
            "page 1 of the source is not a JSON array: line 1, column 1",
        ),
        (
            json("{}"),
            "page 1 of the source is not a JSON array: line 1, column 0",
        ),
        (
            json("[1,\n2"),
            "page 1 of the source is not a JSON array: line 2, column 1",
        ),
        (
            Some(Rule::on(Endpoint::Customers, sandbox::Action::Reset)),
            "page 1 of the source could not be read",
        ),
        (
            Some(Rule::on(
                Endpoint::Customers,
                sandbox::Action::Truncate {
                    reset: false,
                    instead: None,
                },
            )),
            "page 1 of the source could not be read",
        ),
    ] {
        let error = error_with(rule, None).await;
        assert!(error.contains(expected), "{expected} is not in: {error}");
        assert!(
            error.starts_with("the run of 2023-10-15T14:30:00Z ended early, with 0 customers enqueued: ")
        );
        assert!(error.ends_with(". Run it again with the same order_date: no order is made twice"));
    }
}

#[tokio::test]
async fn a_bad_secret_is_named_and_not_shown() {
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
            "the source refused the API key with 401 Unauthorized, on page 1",
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
async fn the_api_key_goes_to_no_other_origin_and_no_page_is_read_twice() {
    let elsewhere = sandbox::Sandbox::start(source(1, 0)).await.unwrap();
    let link = |target: &str| {
        let answer = Answer::status(200).body("application/json", r#"[{"customer_id": "1"}]"#);
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
async fn what_was_read_before_a_page_failed_is_on_the_queue_and_a_repeat_completes_it() {
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
    assert_eq!(run.enqueued, 25);
    assert_eq!(bodies(&bridge).iter().collect::<HashSet<_>>().len(), 25);
}

#[tokio::test]
async fn another_header_can_carry_the_key() {
    let settings = Settings {
        api_key_header: "Api-Key".to_owned(),
        ..source(1, 0)
    };
    let change = |environment: Environment| environment.with("SOURCE_API_KEY_HEADER", "Api-Key");
    let bridge = Bridge::start(settings, change).await;
    assert_eq!(
        bridge
            .run(json!({"order_date": ORDER_DATE}))
            .await
            .unwrap()
            .enqueued,
        1
    );
}

#[tokio::test]
async fn an_input_that_is_no_run_is_refused_before_anything_is_done() {
    let bridge = bridge(source(1, 0)).await;
    let error = bridge.run(json!({})).await.unwrap_err().to_string();
    assert!(
        error.starts_with("the input of fetch-customers cannot be used: order_date is missing; send "),
        "{error}"
    );
    assert_eq!(bridge.sandbox.counters().source_requests, 0);
    assert_eq!(bridge.aws.calls("GetSecretValue").len(), 0);
}

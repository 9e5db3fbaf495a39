//! `fetch-customers` between a source and a queue.

mod announced;
mod continuation;
mod dry_run;
mod errors;
mod links;
mod malformed;
mod pages;
mod queueing;
mod rereads;
mod retries;
mod runs;
mod styles;
mod too_large;

use std::{collections::HashSet, time::Duration};

use fixture::{Change, only_id};
use integration_tests::{
    aws::Fault,
    bridge::{Bridge, Environment, FETCH_CUSTOMERS, MAX_RUN_TIMEOUT, QUEUE_URL, raw, until},
};
use sandbox::{Answer, Compression, Customers, Endpoint, LinkTargets, Rule, Settings, customers};
use serde_json::{Value, json};
use shared::lambda::invocation::Invocation;
use tokio::time::Instant;

const ORDER_DATE: &str = "2023-10-15T14:30:00Z";

/// A source of `count` customers, some of them invalid, on pages of `page_size`.
fn source(count: u64, page_size: u64) -> Settings {
    Settings {
        customers: customers::generate(count, 7).into(),
        page_size,
        ..Settings::default()
    }
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
async fn every_customer_is_enqueued_verbatim() {
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
                   "rejected": 0, "repeated": 0, "dry_run": false, "continued": false})
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
async fn empty_source_completes_the_run() {
    let bridge = bridge(source(0, 0)).await;
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!(
        (run.progress.pages, run.progress.fetched, run.progress.enqueued),
        (1, 0, 0)
    );
    assert_eq!(bridge.aws.calls("SendMessageBatch").len(), 0);
}

#[tokio::test]
async fn api_key_header_is_configurable() {
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
            .progress
            .enqueued,
        1
    );
}

#[tokio::test]
async fn compressed_page_is_read_unless_broken() {
    for compression in [Compression::Gzip, Compression::Brotli, Compression::Zstd] {
        let bridge = bridge(Settings {
            compression: Some(compression),
            ..source(2_000, 1_500)
        })
        .await;
        let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
        assert_eq!((run.progress.pages, run.progress.enqueued), (2, 2_000));
        let again = |page: u64| format!("{}?page={page}", bridge.sandbox.customers_url());
        let client = shared::http::client().no_gzip().no_brotli().no_zstd();
        let client = client.build().unwrap();
        let request = client.get(again(1)).header("x-api-key", "fixture-api-key");
        let encoding = match compression {
            Compression::Gzip => "gzip",
            Compression::Brotli => "br",
            Compression::Zstd => "zstd",
        };
        let whole = request.header("accept-encoding", encoding).send().await.unwrap();
        assert_eq!(whole.headers()["content-encoding"], encoding);
        let whole = whole.bytes().await.unwrap();
        for bytes in [whole.len() - 1, whole.len() / 2] {
            let part = Answer::status(200).body("application/json", whole.slice(..bytes));
            let part = part.header("content-encoding", encoding);
            bridge.sandbox.set_faults([Rule::on(Endpoint::Customers, part)]);
            let error = bridge
                .run(json!({"order_date": ORDER_DATE}))
                .await
                .unwrap_err()
                .to_string();
            assert!(
                error.contains("it broke off, or its compression is broken"),
                "{error}"
            );
        }
    }
}

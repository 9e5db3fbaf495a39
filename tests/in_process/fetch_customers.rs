//! `fetch-customers` between a source and a queue.

mod errors;
mod queueing;
mod runs;

use std::{collections::HashSet, time::Duration};

use fetch_customers::handler::Invocation;
use integration_tests::{
    aws::Fault,
    bridge::{Bridge, Environment, LONGEST_RUN, QUEUE_URL, raw},
};
use sandbox::{Answer, Customers, Endpoint, LinkTargets, Rule, Settings, customers};
use serde_json::{Value, json};
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

//! `ONE_ORDER_PER`: which runs order for a customer again.

use fixture::customer_with_id;
use integration_tests::bridge::Bridge;
use sandbox::Settings;
use serde_json::json;

/// Two order dates of one day, one of the next day, and one of the next month.
const ORDER_DATES: [&str; 4] = [
    "2023-10-15T14:30:00Z",
    "2023-10-15T18:00:00Z",
    "2023-10-16T14:30:00Z",
    "2023-11-15T14:30:00Z",
];

/// The ids of a customer's orders after a run of each of [`ORDER_DATES`].
async fn order_ids(one_order_per: &str) -> Vec<String> {
    let settings = Settings {
        customers: [customer_with_id("123")].into(),
        ..Settings::default()
    };
    let change = |environment: integration_tests::bridge::Environment| {
        environment.with("ONE_ORDER_PER", one_order_per)
    };
    let bridge = Bridge::start(settings, change).await;
    for order_date in ORDER_DATES {
        bridge.run(json!({"order_date": order_date})).await.unwrap();
        bridge.drain().await;
    }
    bridge.sandbox.ledger().into_keys().collect()
}

#[tokio::test]
async fn each_run_has_its_orders_by_default() {
    assert_eq!(order_ids("run").await.len(), 4);
    assert_eq!(order_ids("").await, order_ids("run").await);
}

#[tokio::test]
async fn runs_of_one_day_share_their_orders() {
    assert_eq!(order_ids("day").await.len(), 3);
}

#[tokio::test]
async fn runs_of_one_month_share_their_orders() {
    assert_eq!(order_ids("month").await.len(), 2);
}

#[tokio::test]
async fn customer_has_one_order_ever() {
    assert_eq!(order_ids("customer").await, ["ORD-30911Y7SRXWW4VD1"]);
}

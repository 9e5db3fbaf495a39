//! What a run can be asked to do, and what its summary says.

use super::*;

#[tokio::test]
async fn run_of_chosen_customers_skips_the_others() {
    let bridge = bridge(Settings {
        customers: Customers::from([only_id("a"), only_id(7), json!([1])]),
        ..Settings::default()
    })
    .await;
    let run = bridge
        .run(json!({"order_date": ORDER_DATE, "customer_ids": ["7", "gone"]}))
        .await
        .unwrap();
    assert_eq!(
        (
            run.progress.fetched,
            run.progress.enqueued,
            run.progress.skipped,
            run.progress.rejected
        ),
        (3, 1, 2, 0)
    );
    assert_eq!(
        bodies(&bridge),
        [format!(
            r#"{{"order_date":"{ORDER_DATE}","customer":{}}}"#,
            only_id(7)
        )]
    );
}

#[tokio::test]
async fn limit_ends_run_before_the_rest() {
    let bridge = bridge(source(25, 10)).await;
    let run = bridge
        .run(json!({"order_date": ORDER_DATE, "limit": 12}))
        .await
        .unwrap();
    assert_eq!(
        (
            run.progress.pages,
            run.progress.fetched,
            run.progress.enqueued,
            run.progress.skipped
        ),
        (2, 12, 12, 0)
    );
    assert_eq!(bodies(&bridge).len(), 12);
    let run = bridge
        .run(json!({"order_date": ORDER_DATE, "limit": 0}))
        .await
        .unwrap();
    assert_eq!(
        (run.progress.pages, run.progress.fetched, run.progress.enqueued),
        (0, 0, 0)
    );
}

#[tokio::test]
async fn dry_run_counts_and_enqueues_nothing() {
    let bridge = bridge(source(25, 10)).await;
    let run = bridge
        .run(json!({"order_date": ORDER_DATE, "dry_run": true}))
        .await
        .unwrap();
    assert_eq!(
        summary(&run),
        json!({"order_date": ORDER_DATE, "pages": 3, "fetched": 25, "enqueued": 25, "skipped": 0, "rejected": 0, "repeated": 0,
               "dry_run": true, "continued": false, "would_be_rejected": 1, "violations": {"customer: must be an object": 1},
               "examples": [{"index": 24, "customer_id": null, "violations": ["customer: must be an object"]}]})
    );
    assert_eq!(bodies(&bridge).len(), 0);
    assert_eq!(bridge.aws.calls("SendMessageBatch").len(), 0);
}

#[tokio::test]
async fn invalid_input_is_refused_before_any_call() {
    let bridge = bridge(source(1, 0)).await;
    let error = bridge.run(json!({})).await.unwrap_err().to_string();
    assert!(
        error.starts_with("the input of fetch-customers cannot be used: order_date is missing; send "),
        "{error}"
    );
    assert_eq!(bridge.sandbox.counters().source_requests, 0);
    assert_eq!(bridge.aws.calls("GetSecretValue").len(), 0);
}

#[tokio::test]
async fn ids_missing_from_the_source_are_listed() {
    let bridge = bridge(source(25, 10)).await;
    let input = json!({"order_date": ORDER_DATE, "customer_ids": ["z", 100003, "100001", "a\"b", 7]});
    let run = bridge.run(input.clone()).await.unwrap();
    assert_eq!(summary(&run)["missing_customer_ids"], json!(["7", "a\"b", "z"]));
    let mut input = input;
    input["limit"] = json!(1);
    let run = bridge.run(input).await.unwrap();
    assert_eq!(summary(&run).get("missing_customer_ids"), None);
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!(summary(&run).get("missing_customer_ids"), None);
}

#[tokio::test]
async fn repeated_customers_are_counted_and_enqueued() {
    let bridge = bridge(Settings {
        customers: Customers::from([
            only_id("1"),
            only_id(2),
            only_id(1).with("/email", "other"),
            only_id(Value::Null),
            only_id(Value::Null),
            only_id("1"),
        ]),
        page_size: 2,
        ..Settings::default()
    })
    .await;
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!(
        (run.progress.fetched, run.progress.enqueued, run.progress.repeated),
        (6, 6, 2)
    );
    let run = bridge
        .run(json!({"order_date": ORDER_DATE, "customer_ids": [2]}))
        .await
        .unwrap();
    assert_eq!(
        (run.progress.fetched, run.progress.enqueued, run.progress.repeated),
        (6, 1, 0)
    );
}

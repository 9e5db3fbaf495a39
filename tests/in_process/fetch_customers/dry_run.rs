//! A dry run predicts what `submit-orders` rejects.

use std::collections::BTreeMap;

use integration_tests::canaries::canaries;

use super::*;

async fn dry_run(bridge: &Bridge) -> Value {
    let input = json!({"order_date": ORDER_DATE, "dry_run": true});
    summary(&bridge.run(input).await.unwrap())
}

/// The violations that dead letters name, with their number.
fn rejected(bridge: &Bridge) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for letter in bridge.dead_letters() {
        assert_eq!(letter.attributes["reason"], "invalid_customer");
        for violation in letter.attributes["detail"].split("; ") {
            *counts.entry(violation.to_owned()).or_default() += 1;
        }
    }
    counts
}

#[tokio::test]
async fn dry_run_predicts_the_dead_letters() {
    let bridge = bridge(source(400, 50)).await;
    let predicted = dry_run(&bridge).await;
    bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    bridge.drain().await;
    assert_eq!(predicted["violations"], json!(rejected(&bridge)));
    assert_eq!(predicted["would_be_rejected"], bridge.dead_letters().len());
    assert!(bridge.dead_letters().len() >= 12);
}

#[tokio::test]
async fn dry_run_shows_which_customers_are_invalid() {
    let customers = customers::generate(60, 7);
    let invalid: Vec<Value> = (0_u64..)
        .zip(&customers)
        .filter(|(_, customer)| !customer.expected.is_order())
        .map(|(index, customer)| json!([index, customer.id]))
        .collect();
    let bridge = bridge(source(60, 7)).await;
    let predicted = dry_run(&bridge).await;
    let examples = predicted["examples"].as_array().unwrap();
    let shown: Vec<Value> = examples
        .iter()
        .map(|example| json!([example["index"], example["customer_id"]]))
        .collect();
    assert_eq!(shown, invalid);
}

#[tokio::test]
async fn dry_run_shows_no_personal_data() {
    let bridge = bridge(source(400, 50)).await;
    let predicted = dry_run(&bridge).await.to_string();
    for canary in canaries(&bridge.sandbox) {
        assert!(!predicted.contains(&canary), "{canary} is in {predicted}");
    }
}

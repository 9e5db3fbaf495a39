//! The examples that people read and send by hand are the fixture's.

use std::{collections::BTreeSet, fs};

use fixture::{Change, ID_POINTER, customer, order};
use integration_tests::documents::{root, rows};
use serde_json::{Value, json};

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).unwrap()
}

/// The README's blocks of JSON.
fn json_blocks(document: &str) -> Vec<Value> {
    let blocks = document.split("```json\n").skip(1);
    blocks
        .filter_map(|block| serde_json::from_str(block.split("```").next()?).ok())
        .collect()
}

/// The paths of all texts in an object, as documents write them: `address.zip`.
fn paths(value: &Value) -> BTreeSet<String> {
    let Value::Object(fields) = value else {
        return BTreeSet::new();
    };
    let all = fields.iter().flat_map(|(name, value)| {
        let below = paths(value);
        if below.is_empty() {
            vec![name.clone()]
        } else {
            below.iter().map(|path| format!("{name}.{path}")).collect()
        }
    });
    all.collect()
}

/// The paths in a column of the README's table; `.city` is in the object of the path before it.
fn named_in(cells: &[&str]) -> BTreeSet<String> {
    let mut object = String::new();
    let names = cells.iter().flat_map(|cell| cell.split('`').skip(1).step_by(2));
    names
        .map(|name| match name.strip_prefix('.') {
            Some(field) => format!("{object}.{field}"),
            None => {
                object = name.rsplit_once('.').map_or("", |(object, _)| object).to_owned();
                name.to_owned()
            }
        })
        .collect()
}

#[test]
fn readme_shows_the_customer_and_its_order() {
    let blocks = json_blocks(&readme());
    assert!(blocks.contains(&json!([customer()])), "{blocks:?}");
    assert!(blocks.contains(&order()), "{blocks:?}");
}

#[test]
fn readme_table_names_every_field() {
    let readme = readme();
    let rows = rows(&readme, "order");
    let column = |at: usize| -> Vec<&str> { rows.iter().map(|row| row[at]).collect() };
    assert_eq!(named_in(&column(0)), paths(&order().without("/orderId")));
    let from_the_run = BTreeSet::from(["order_date".to_owned()]);
    let expected: BTreeSet<_> = paths(&customer()).union(&from_the_run).cloned().collect();
    assert_eq!(named_in(&column(1)), expected);
}

#[test]
fn sample_event_has_valid_and_invalid_customer() {
    let event = fs::read_to_string(root().join("infra/events/two-messages.json")).unwrap();
    let event: Value = serde_json::from_str(&event).unwrap();
    let records = event["Records"].as_array().unwrap();
    let bodies: Vec<Value> = records
        .iter()
        .map(|record| serde_json::from_str(record["body"].as_str().unwrap()).unwrap())
        .collect();
    let message = |customer| json!({"order_date": fixture::order_date(), "customer": customer});
    let invalid = customer()
        .with(ID_POINTER, "124")
        .with("/email", "john.doe.example.com")
        .without("/phone");
    assert_eq!(bodies, [message(customer()), message(invalid)]);
}

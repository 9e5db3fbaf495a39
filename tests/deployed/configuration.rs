//! Another pair of APIs by parameters alone: a source in Stripe's style, and a destination that takes an API key, has one
//! order per customer and answers 422 for a duplicate. On a local AWS of its own, since its parameters are others.

use std::collections::BTreeMap;
use std::path::Path;

use fixture::Change;
use local_run::paths::Paths;
use local_run::run::Counts;
use local_run::{LocalDeployment, Settings};
use sandbox::{Answer, Customer, Expected, SourceStyle, customers};
use serde_json::{Value, json, value::RawValue};
use shared::domain::customer_id::CustomerId;
use shared::domain::message::Message;
use shared::domain::order_date::OrderDate;
use shared::domain::order_id::{OneOrderPer, OrderId};

use crate::harness::{RUNTIME, assert_calls_and_logs_are_right, date, run};
use crate::preflight::{answers, make_check, steps};

const CUSTOMERS: u64 = 60;
/// Three pages, the last one not full.
const PAGE_SIZE: u64 = 25;
const PAGES: u64 = 3;

const FIRST: &str = "2024-03-01T06:00:00Z";
const SECOND: &str = "2024-04-02T06:00:00Z";

async fn deploy() -> LocalDeployment {
    let work = Path::new(env!("CARGO_TARGET_TMPDIR")).join("configuration");
    // Of the run before.
    let _ = std::fs::remove_dir_all(&work);
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let duplicate = json!({"error": {"message": "An order with this reference already exists."}});
    let settings = Settings {
        paths: Paths::of_this_workspace(work).unwrap(),
        sandbox: sandbox::Settings {
            source_style: SourceStyle::Stripe,
            page_size: PAGE_SIZE,
            api_key_header: "Authorization".to_owned(),
            api_key: "Bearer fixture-source-key".to_owned(),
            source_headers: vec![header("X-Version", "2024-01-01")],
            destination_api_key: Some(header("X-Shop-Token", "Token fixture-destination-key")),
            destination_headers: vec![header("X-Shop", "fixture-shop")],
            duplicate_answer: Some(Answer::status(422).body("application/json", duplicate.to_string())),
            ..sandbox::Settings::default()
        },
        parameters: [
            ("SourceApiKeyHeader", "Authorization"),
            ("SourceItems", "/data"),
            ("SourceNext", "last-id"),
            ("SourceCursorParameter", "starting_after"),
            ("SourceMorePointer", "/has_more"),
            ("DestinationAuth", "header"),
            ("DestinationApiKeyHeader", "X-Shop-Token"),
            ("TokenUrl", ""),
            ("OneOrderPer", "customer"),
            ("DuplicateText", "already exists"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into(),
    };
    LocalDeployment::start(settings, |_| {}).await.unwrap()
}

/// The order of each valid customer, by its id, as the run of this order date posts it.
fn orders(customers: &[Customer], order_date: OrderDate) -> BTreeMap<String, Value> {
    let order = |customer: &Customer| {
        let Expected::Order(order) = &customer.expected else {
            return None;
        };
        let id = RawValue::from_string(json!(customer.id).to_string()).unwrap();
        let id = CustomerId::from_json(&id).unwrap();
        let order_id = OrderId::new(&id, order_date, OneOrderPer::Customer).to_string();
        let example = fixture::example();
        let order = order.clone().with(&example.order_id_pointer, order_id.as_str());
        Some((
            order_id,
            order.with(&example.order_date_pointer, order_date.to_string()),
        ))
    };
    customers.iter().filter_map(order).collect()
}

/// Every order at the destination by its id, of which each has been posted so often.
fn ledger(stack: &LocalDeployment, posts: u64) -> BTreeMap<String, Value> {
    let entries = stack.sandbox.ledger().into_iter();
    entries
        .map(|(id, entry)| {
            assert_eq!(entry.posts, posts, "{id}");
            (id, entry.order)
        })
        .collect()
}

#[test]
fn configured_apis_have_one_order_per_customer() {
    RUNTIME.block_on(async {
        let stack = &deploy().await;
        let customers = customers::generate(CUSTOMERS, 73);
        let (first_date, second_date) = (date(FIRST), date(SECOND));
        let orders = orders(&customers, first_date);
        let valid = orders.len() as u64;
        let invalid = CUSTOMERS - valid;
        assert!(invalid > 0);

        stack.sandbox.set_customers(customers.clone());
        let output = make_check(stack);
        let [fetch, submit] = answers(&output);
        assert!(output.status.success());
        assert_eq!(steps(&fetch, true), ["secret", "source", "customer", "next_page"]);
        assert_eq!(steps(&submit, true), ["secret", "destination"]);
        assert_eq!((&fetch["ok"], &submit["ok"]), (&json!(true), &json!(true)));
        assert_eq!(stack.sandbox.counters().order_posts, 0);

        let first = run(stack, first_date, &customers).await;
        let expected = Counts {
            customers: CUSTOMERS,
            fetched: CUSTOMERS,
            enqueued: CUSTOMERS,
            delivered: valid,
            duplicates: 0,
            dead_lettered: invalid,
            waiting: 0,
        };
        assert_eq!(first.counts, expected);
        assert_eq!(ledger(stack, 1), orders);

        let second = run(stack, second_date, &customers).await;
        let expected = Counts {
            delivered: 0,
            duplicates: valid,
            ..expected
        };
        assert_eq!(second.counts, expected);
        assert_eq!(ledger(stack, 2), orders);

        let counters = stack.sandbox.counters();
        // That of the check, and those of both runs.
        assert_eq!(counters.source_statuses, [(200, 1 + 2 * PAGES)].into());
        assert_eq!(counters.order_statuses, [(201, valid), (422, valid)].into());
        assert_eq!(counters.token_requests, 0);

        let letters = stack.take_dead_letters().await.unwrap();
        assert!(
            letters
                .iter()
                .all(|letter| letter.reason() == Some("invalid_customer")),
            "{letters:?}"
        );
        let mut bodies: Vec<String> = letters.into_iter().map(|letter| letter.body).collect();
        let invalid = customers.iter().filter(|customer| !customer.expected.is_order());
        let mut rejected: Vec<String> = invalid
            .flat_map(|customer| [first_date, second_date].map(|date| Message::frame(date, &customer.json)))
            .collect();
        bodies.sort();
        rejected.sort();
        assert_eq!(bodies, rejected);
        assert_calls_and_logs_are_right(stack).await;
    });
}

//! The worked example of `docs/adapting.md`: the functions, compiled with its mapping, between a Stripe-like source and
//! a destination with another order format, an API key, and 422 for a duplicate.

use std::sync::{Arc, LazyLock};

use adapted_fetch_customers::{config::Config as FetchConfig, handler::Handler as FetchCustomers};
use adapted_submit_orders::{config::Config as SubmitConfig, handler::Handler as SubmitOrders};
use fixture::{Change, Example};
use integration_tests::{
    aws::Aws,
    bridge::{
        DEAD_LETTER_QUEUE_URL, DESTINATION_SECRET, Environment, QUEUE_URL, TLS, account, http_client, raw,
        until,
    },
    documents::{ADAPTING, code, rows, variable},
};
use sandbox::{Answer, Customers, Sandbox, Settings, SourceStyle};
use serde_json::{Value, json};
use shared::clock::WallClock;
use tokio::time::{Duration, Instant};

const KEY: &str = "Bearer fixture-destination-key";

static EXAMPLE: LazyLock<Example> =
    LazyLock::new(|| Example::parse(include_str!("../adapting/example.json"), "id"));

fn customer(id: &str) -> Value {
    EXAMPLE.customer.clone().with("/id", id)
}

/// A sandbox of both APIs and both functions.
struct Adapted {
    sandbox: Sandbox,
    aws: Aws,
    fetch: FetchCustomers,
    submit: SubmitOrders,
}

impl Adapted {
    async fn start(customers: impl Into<Customers>) -> Self {
        let duplicate = json!({"title": "Unprocessable", "detail": "reference_id: already exists"});
        let settings = Settings {
            example: &EXAMPLE,
            customers: customers.into(),
            source_style: SourceStyle::Stripe,
            page_size: 2,
            destination_api_key: Some(("Authorization".to_owned(), KEY.to_owned())),
            duplicate_answer: Some(Answer::status(422).body("application/json", duplicate.to_string())),
            ..Settings::default()
        };
        let aws = account(&settings);
        aws.set_secret(DESTINATION_SECRET, json!({"api_key": KEY}).to_string());
        let sandbox = Sandbox::start(settings).await.unwrap();
        // The parameters that the guide gives.
        let environment = rows(ADAPTING, "parameter")
            .iter()
            .fold(Environment::of(&sandbox), |environment, row| {
                environment.with(&variable(code(row[0])), code(row[1]))
            });
        let lookup = |name: &str| environment.get(name);
        let clock: WallClock = {
            let aws = aws.clone();
            Arc::new(move || aws.wall_clock())
        };
        let sdk = aws.sdk_config();
        let http = adapted_fetch_customers::handler::http_client(&TLS).unwrap();
        let config = FetchConfig::read(&lookup).unwrap();
        let fetch = FetchCustomers::new(config, &sdk, http, clock.clone(), aws.console());
        let config = SubmitConfig::read(&lookup).unwrap();
        let submit = SubmitOrders::new(config, &sdk, Arc::new(http_client()), clock, aws.console());
        Self {
            sandbox,
            aws,
            fetch,
            submit,
        }
    }

    async fn run(&self, input: Value) -> Value {
        let deadline = Instant::now() + Duration::from_secs(900);
        let summary = self.fetch.handle(&raw(&input), until(deadline)).await.unwrap();
        serde_json::to_value(summary).unwrap()
    }

    /// Delivers everything on CustomerQueue once; no message may fail.
    async fn drain(&self) {
        let event = self.aws.queues(|queues| {
            let received = queues.receive(QUEUE_URL, usize::MAX, |_| 0);
            let event = queues.event(&received);
            for message in &received {
                queues.delete(QUEUE_URL, &message.receipt_handle()).unwrap();
            }
            event
        });
        let deadline = Instant::now() + Duration::from_secs(60);
        let answer = self.submit.handle(&raw(&event), until(deadline)).await.unwrap();
        assert!(answer.batch_item_failures.is_empty());
    }

    /// The body of each order, by its id.
    fn orders(&self) -> Vec<String> {
        let ledger = self.sandbox.ledger();
        let bodies = ledger
            .values()
            .map(|entry| String::from_utf8(entry.body.to_vec()).unwrap());
        bodies.collect()
    }
}

fn run() -> Value {
    json!({"order_date": EXAMPLE.order_date})
}

#[tokio::test]
async fn example_customer_becomes_the_example_order() {
    let adapted = Adapted::start([EXAMPLE.customer.clone()]).await;
    assert_eq!(adapted.run(run()).await["enqueued"], 1);
    adapted.drain().await;
    assert_eq!(adapted.orders(), [EXAMPLE.order_text.as_str()]);
}

#[tokio::test]
async fn every_page_becomes_orders_and_dead_letters() {
    let plain = customer("cus_4")
        .without("/phone")
        .with("/address/line2", Value::Null);
    let invalid = customer("cus_5")
        .with("/address", Value::Null)
        .with("/email", "no address");
    let customers = [
        customer("cus_1"),
        customer("cus_2"),
        customer("cus_3"),
        plain,
        invalid,
    ];
    let adapted = Adapted::start(customers).await;
    let summary = adapted.run(run()).await;
    assert_eq!((&summary["pages"], &summary["enqueued"]), (&json!(3), &json!(5)));
    adapted.drain().await;

    let orders: Vec<Value> = adapted
        .orders()
        .iter()
        .map(|body| serde_json::from_str(body).unwrap())
        .collect();
    let order = |id: &str| {
        orders
            .iter()
            .find(|order| EXAMPLE.customer_id(order) == Some(id))
            .unwrap()
            .clone()
    };
    assert_eq!(orders.len(), 4);
    let expected = |id: &str| {
        let order_id = order(id)["reference_id"].clone();
        EXAMPLE
            .order
            .clone()
            .with("/reference_id", order_id)
            .with("/tags/0/value", id)
    };
    assert_eq!(order("cus_3"), expected("cus_3"));
    let without = expected("cus_4")
        .without("/recipient/phone_number")
        .without("/recipient/address/address2");
    assert_eq!(order("cus_4"), without);

    let letters = adapted
        .aws
        .queues(|queues| queues.messages(DEAD_LETTER_QUEUE_URL));
    let details: Vec<&str> = letters
        .iter()
        .map(|letter| letter.attributes["detail"].as_str())
        .collect();
    assert_eq!(
        details,
        ["email: must be a valid e-mail address; address: required"]
    );
}

#[tokio::test]
async fn repeated_run_orders_nothing_twice() {
    let adapted = Adapted::start([customer("cus_1"), customer("cus_2"), customer("cus_3")]).await;
    for _ in 0..2 {
        adapted.run(run()).await;
        adapted.drain().await;
    }
    let counters = adapted.sandbox.counters();
    assert_eq!((counters.orders_stored, counters.orders_duplicate), (3, 3));
    assert!(
        adapted
            .aws
            .queues(|queues| queues.messages(DEAD_LETTER_QUEUE_URL))
            .is_empty()
    );
}

#[tokio::test]
async fn dry_run_names_the_adapted_fields() {
    let adapted = Adapted::start([customer("cus_1").with("/address/country", " ")]).await;
    let summary = adapted.run(run().with("/dry_run", true)).await;
    assert_eq!(
        summary["violations"],
        json!({"address.country: required, and not blank": 1})
    );
    assert_eq!(summary["examples"][0]["customer_id"], "cus_1");
}

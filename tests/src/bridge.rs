//! The functions in this process, between a sandbox and AWS in memory.

use std::{
    sync::{Arc, LazyLock},
    time::Duration,
};

use fetch_customers::{error::HandlerError, run::Summary};
use sandbox::{Sandbox, Settings};
use serde_json::{Value, json, value::RawValue};
use shared::{
    clock::WallClock,
    domain::order_id::OneOrderPer,
    http::{HttpClient, Tls},
    lambda::invocation::Invocation,
};
use submit_orders::destination::transport::Transport;
use tokio::time::Instant;

use crate::{
    aws::Aws,
    sqs::{QueueSettings, StoredMessage},
};

pub const QUEUE_URL: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/customers";
pub const DEAD_LETTER_QUEUE_URL: &str = "https://sqs.eu-west-1.amazonaws.com/123456789012/dead-letters";
/// The secret with the API key.
pub const SOURCE_SECRET: &str = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:source-AbCdEf";
/// The secret with the client's credentials.
pub const DESTINATION_SECRET: &str =
    "arn:aws:secretsmanager:eu-west-1:123456789012:secret:destination-AbCdEf";

/// The ARN of `fetch-customers`.
pub const FETCH_CUSTOMERS: &str =
    "arn:aws:lambda:eu-west-1:123456789012:function:stack-FetchCustomers-1A2B3C";

/// The timeout of `submit-orders` in the tests.
pub const FUNCTION_TIMEOUT: Duration = Duration::from_secs(60);

/// The timeout of `fetch-customers` in the tests: Lambda's maximum.
pub const MAX_RUN_TIMEOUT: Duration = Duration::from_secs(15 * 60);

/// The functions' environment variables.
#[derive(Debug, Clone)]
pub struct Environment(Vec<(String, String)>);

impl Environment {
    /// The variables that lead to `sandbox`.
    pub fn of(sandbox: &Sandbox) -> Self {
        Self::at(
            &sandbox.customers_url(),
            &sandbox.token_url(),
            &sandbox.orders_url(),
        )
    }

    /// The variables that lead to these URLs.
    pub fn at(source_url: &str, token_url: &str, destination_url: &str) -> Self {
        let all = [
            ("SOURCE_URL", source_url),
            ("SOURCE_SECRET_ARN", SOURCE_SECRET),
            ("TOKEN_URL", token_url),
            ("DESTINATION_URL", destination_url),
            ("DESTINATION_SECRET_ARN", DESTINATION_SECRET),
            ("QUEUE_URL", QUEUE_URL),
            ("QUEUE_RETENTION_SECS", "345600"),
            ("DEAD_LETTER_QUEUE_URL", DEAD_LETTER_QUEUE_URL),
        ];
        Self(
            all.iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    /// With one more variable, or another value for one.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.0.insert(0, (name.to_owned(), value.into()));
        self
    }

    /// The value of a variable.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<String> {
        self.0
            .iter()
            .find(|(set, _)| set == name)
            .map(|(_, value)| value.clone())
    }
}

/// An account with both secrets and both queues.
pub fn account(settings: &Settings) -> Aws {
    let aws = Aws::default();
    aws.create_queue(DEAD_LETTER_QUEUE_URL, QueueSettings::default());
    aws.create_queue(
        QUEUE_URL,
        QueueSettings {
            redrive: Some((DEAD_LETTER_QUEUE_URL.to_owned(), 60)),
            ..QueueSettings::default()
        },
    );
    aws.set_secret(SOURCE_SECRET, json!({"api_key": settings.api_key}).to_string());
    let client = json!({"client_id": settings.client_id, "client_secret": settings.client_secret});
    aws.set_secret(DESTINATION_SECRET, client.to_string());
    aws
}

/// The system's root certificates, read once for all tests.
pub static TLS: LazyLock<Tls> = LazyLock::new(|| Tls::from_system().expect("root certificates"));

/// The real network, as `submit-orders` uses it.
pub fn http_client() -> HttpClient {
    HttpClient::new(&TLS, |builder| builder).expect("a client")
}

pub fn fetch_customers(environment: &Environment, aws: &Aws) -> fetch_customers::handler::Handler {
    let config = fetch_customers::config::Config::read(&|name| environment.get(name)).expect("configuration");
    let http = fetch_customers::handler::http_client(&TLS).expect("a client");
    fetch_customers::handler::Handler::new(config, &aws.sdk_config(), http, wall_clock(aws), aws.console())
}

/// The model's time of day.
fn wall_clock(aws: &Aws) -> WallClock {
    let aws = aws.clone();
    Arc::new(move || aws.wall_clock())
}

/// `submit-orders` with the real network.
pub fn submit_orders(environment: &Environment, aws: &Aws) -> submit_orders::handler::Handler {
    submit_orders_over(environment, aws, Arc::new(http_client()))
}

/// `submit-orders` with a transport of the test.
pub fn submit_orders_over(
    environment: &Environment,
    aws: &Aws,
    transport: Arc<dyn Transport>,
) -> submit_orders::handler::Handler {
    let config = submit_orders::config::Config::read(&|name| environment.get(name)).expect("configuration");
    submit_orders::handler::Handler::new(
        config,
        &aws.sdk_config(),
        transport,
        wall_clock(aws),
        aws.console(),
    )
}

/// The request id of all invocations in the tests.
pub const REQUEST_ID: &str = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";

/// An untraced invocation with this deadline.
pub const fn until(deadline: Instant) -> Invocation<'static> {
    Invocation {
        deadline,
        request_id: REQUEST_ID,
        trace_header: None,
        function: FETCH_CUSTOMERS,
    }
}

pub fn redrive_orders(aws: &Aws) -> redrive_orders::handler::Handler {
    let config = redrive_orders::config::Config {
        queue_url: QUEUE_URL.to_owned(),
        dead_letter_queue_url: DEAD_LETTER_QUEUE_URL.to_owned(),
        one_order_per: OneOrderPer::Run,
        log_customer_ids: true,
    };
    redrive_orders::handler::Handler::new(config, &aws.sdk_config(), wall_clock(aws))
}

/// JSON as the runtime hands it to a handler.
pub fn raw(value: &Value) -> Box<RawValue> {
    RawValue::from_string(value.to_string()).expect("JSON")
}

/// A sandbox and both functions.
pub struct Bridge {
    pub sandbox: Sandbox,
    pub aws: Aws,
    pub fetch: fetch_customers::handler::Handler,
    pub submit: submit_orders::handler::Handler,
}

impl Bridge {
    /// Starts a sandbox and both functions, their usual environment changed by `change`.
    pub async fn start(settings: Settings, change: impl FnOnce(Environment) -> Environment) -> Self {
        let aws = account(&settings);
        let sandbox = Sandbox::start(settings).await.expect("a free port");
        let environment = change(Environment::of(&sandbox));
        let fetch = fetch_customers(&environment, &aws);
        let submit = submit_orders(&environment, &aws);
        Self {
            sandbox,
            aws,
            fetch,
            submit,
        }
    }

    /// Invokes `fetch-customers` with Lambda's maximum timeout.
    pub async fn run(&self, input: Value) -> Result<Summary, HandlerError> {
        self.run_within(MAX_RUN_TIMEOUT, input).await
    }

    /// Invokes `fetch-customers` with this timeout.
    pub async fn run_within(&self, timeout: Duration, input: Value) -> Result<Summary, HandlerError> {
        self.fetch
            .handle(&raw(&input), until(Instant::now() + timeout))
            .await
    }

    /// Sends bodies to CustomerQueue as they are.
    pub fn enqueue(&self, bodies: impl IntoIterator<Item = String>) {
        self.aws.queues(|queues| {
            for body in bodies {
                queues
                    .send(QUEUE_URL, &body, Default::default(), None)
                    .expect("SQS takes it");
            }
        });
    }

    /// One round of the event source mapping: receives up to `most` messages, invokes `submit-orders`, and deletes
    /// the messages that did not fail.
    ///
    /// # Returns
    /// The messages received, and the ids of those that failed, sorted.
    pub async fn deliver(&self, most: usize) -> (Vec<StoredMessage>, Vec<String>) {
        let (received, event) = self.aws.queues(|queues| {
            let received = queues.receive(QUEUE_URL, most, |_| 0);
            let event = queues.event(&received);
            (received, event)
        });
        let answer = self
            .submit
            .handle(&raw(&event), until(Instant::now() + FUNCTION_TIMEOUT))
            .await
            .expect("an answer");
        let mut failed: Vec<String> = answer
            .batch_item_failures
            .into_iter()
            .map(|failure| failure.item_identifier)
            .collect();
        failed.sort();
        self.aws.queues(|queues| {
            for message in received.iter().filter(|message| !failed.contains(&message.id)) {
                queues
                    .delete(QUEUE_URL, &message.receipt_handle())
                    .expect("a receipt");
            }
        });
        (received, failed)
    }

    /// Delivers until no message of the queue is visible.
    pub async fn drain(&self) {
        while !self.deliver(10).await.0.is_empty() {}
    }

    pub fn dead_letters(&self) -> Vec<StoredMessage> {
        self.aws.queues(|queues| queues.messages(DEAD_LETTER_QUEUE_URL))
    }

    /// Messages on CustomerQueue, also those in flight.
    pub fn waiting(&self) -> Vec<StoredMessage> {
        self.aws.queues(|queues| queues.messages(QUEUE_URL))
    }
}

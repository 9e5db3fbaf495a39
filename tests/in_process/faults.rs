//! Every row of the failure table, over real HTTP, and what follows from it.
//!
//! * `answers`: what the destination answers, or does not.
//! * `token`: the token endpoint's answers, and the credentials that a token is requested with.
//! * `shared_token`: one token, and one request for it, for all orders in flight.
//! * `blocked`: when one order is not let through, and when none is.
//! * `circuit`: when no call is made: an open circuit, deadlines, the rate limit.
//! * `conflicts`: whether the order exists, or a request for it is under way.
//! * `queues`: the two queues: what is dead-lettered, and what comes back when.
//! * `batches`: batches of all shapes.

mod answers;
mod batches;
mod blocked;
mod circuit;
mod conflicts;
mod queues;
mod shared_token;
mod token;

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use bytes::Bytes;
use futures::future::BoxFuture;
use integration_tests::{
    aws::Fault,
    bridge::{
        Bridge, DESTINATION_SECRET, Environment, FUNCTION_TIMEOUT, QUEUE_URL, account, http_client, raw,
        submit_orders_over, until,
    },
};
use reqwest::{Body, Request};
use sandbox::{Action, Answer, Endpoint, ExpiresIn, Rule, Sandbox, Settings};
use serde_json::{Value, json};
use shared::http::HttpClient;
use submit_orders::destination::transport::{self, Transport, Unreachable};
use tokio::time::Instant;

/// A function that has so little time left has this long for its one POST.
const LITTLE_TIME: Duration = Duration::from_millis(1_500);

fn message(id: u64) -> String {
    fixture::message(&fixture::customer_with_id(id))
}

async fn bridge() -> Bridge {
    Bridge::start(Settings::default(), |environment| environment).await
}

/// The visibilities that were set, in the order of the calls.
fn visibilities(bridge: &Bridge) -> Vec<u64> {
    bridge
        .aws
        .calls("ChangeMessageVisibilityBatch")
        .iter()
        .flat_map(|call| call.input["Entries"].as_array().unwrap().clone())
        .map(|entry| entry["VisibilityTimeout"].as_u64().unwrap())
        .collect()
}

/// What became of one message.
#[derive(Debug, PartialEq)]
enum Outcome {
    Delivered,
    DeadLetter(BTreeMap<String, String>),
    Retry { hidden_for: u64 },
}

/// Delivers one message for the first time, with little time for it.
async fn deliver_one(bridge: &Bridge) -> Outcome {
    deliver_again(bridge, 1, Duration::ZERO).await
}

/// Delivers one message that was received so often, for the first time so long ago; with little time for it.
async fn deliver_again(bridge: &Bridge, receives: u64, since_first_receive: Duration) -> Outcome {
    bridge.enqueue([message(1)]);
    let mut event = bridge.aws.queues(|queues| {
        let received = queues.receive(QUEUE_URL, 1, |_| 0);
        queues.event(&received)
    });
    let first_received = bridge.aws.wall_clock() - since_first_receive;
    let epoch_ms = first_received.duration_since(UNIX_EPOCH).unwrap().as_millis();
    let attributes = &mut event["Records"][0]["attributes"];
    attributes["ApproximateReceiveCount"] = json!(receives.to_string());
    attributes["ApproximateFirstReceiveTimestamp"] = json!(epoch_ms.to_string());
    let deadline = Instant::now() + submit_orders::submission::WRAP_UP + LITTLE_TIME;
    let answer = bridge.submit.handle(&raw(&event), until(deadline)).await.unwrap();
    let letters = bridge.dead_letters();
    if answer.batch_item_failures.is_empty() {
        return letters.into_iter().next().map_or(Outcome::Delivered, |letter| {
            Outcome::DeadLetter(letter.attributes)
        });
    }
    assert_eq!(letters.len(), 0);
    assert_eq!(answer.batch_item_failures.len(), 1);
    assert_eq!(answer.batch_item_failures[0].item_identifier, "message-1");
    let visibilities = visibilities(bridge);
    assert_eq!(visibilities.len(), 1);
    Outcome::Retry {
        hidden_for: visibilities[0],
    }
}

async fn outcome(rule: Rule) -> Outcome {
    let bridge = bridge().await;
    bridge.sandbox.set_faults([rule]);
    deliver_one(&bridge).await
}

async fn one_at_a_time() -> Bridge {
    Bridge::start(Settings::default(), |environment| {
        environment.with("MAX_IN_FLIGHT", "1")
    })
    .await
}

fn on_orders(action: impl Into<Action>) -> Rule {
    Rule::on(Endpoint::Orders, action)
}

fn assert_first_step(outcome: &Outcome, what: &str) {
    let Outcome::Retry { hidden_for } = outcome else {
        panic!("{what}: {outcome:?}")
    };
    assert!((15..=30).contains(hidden_for), "{what}: {hidden_for} s");
}

/// How many POSTs five more messages lead to: none while the circuit is open.
async fn posts_of_another_batch(bridge: &Bridge) -> u64 {
    let before = bridge.sandbox.counters().order_posts;
    bridge.enqueue((100..105).map(message));
    bridge.deliver(10).await;
    bridge.sandbox.counters().order_posts - before
}

/// Lets time pass, without waiting for it.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

/// The real network, but for what a test puts in the way of a POST.
struct Spoilt<F>(HttpClient, F);

impl<F> Transport for Spoilt<F>
where
    F: Fn(&Request) -> Option<transport::Answer> + Send + Sync,
{
    fn send(
        &self,
        request: Request,
        within: Duration,
    ) -> BoxFuture<'_, Result<transport::Answer, Unreachable>> {
        match (request.url().path() == "/orders")
            .then(|| (self.1)(&request))
            .flatten()
        {
            Some(answer) => Box::pin(std::future::ready(Ok(answer))),
            None => self.0.send(request, within),
        }
    }
}

fn body_of(request: &Request) -> &[u8] {
    request.body().and_then(Body::as_bytes).unwrap_or_default()
}

async fn spoilt<F>(spoil: F) -> Bridge
where
    F: Fn(&Request) -> Option<transport::Answer> + Send + Sync + 'static,
{
    let mut bridge = bridge().await;
    let environment = Environment::of(&bridge.sandbox);
    bridge.submit = submit_orders_over(&environment, &bridge.aws, Arc::new(Spoilt(http_client(), spoil)));
    bridge
}

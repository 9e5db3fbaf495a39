//! What it costs the others that a firewall blocks one order in a hundred: nothing.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use fixture::customer_with_id;
use integration_tests::{
    bridge::{
        DEAD_LETTER_QUEUE_URL, Environment, FUNCTION_TIMEOUT, QUEUE_URL, account, raw, submit_orders_over,
        until,
    },
    destination::Destination,
    emf::sum,
};
use sandbox::Settings;
use tokio::time::Instant;

const CUSTOMERS: u64 = 1_000;
const BLOCKED: u64 = 10;
const BATCH: usize = 100;
/// The receive at which an order is rejected that is blocked alone.
const LAST_RECEIVE: u64 = 5;

/// What became of a queue.
#[derive(Debug, PartialEq)]
struct Drained {
    /// When the last of the others was delivered.
    others_took: Duration,
    delivered: f64,
    rejected: f64,
    retried: f64,
    deferred: f64,
    misconfigured: f64,
    posts: u64,
    /// Reason and status of each dead letter, and how many have them.
    dead_letters: BTreeMap<(String, String), usize>,
}

/// Drains a queue of [`CUSTOMERS`], of which so many are blocked, until nothing is on it, or for an hour.
async fn drain(blocked: u64, workers: u64) -> Drained {
    fastrand::seed(1);
    let settings = Settings::default();
    let aws = account(&settings);
    let destination = Destination::new(1, &settings.client_secret);
    if let Some(every) = CUSTOMERS.checked_div(blocked) {
        destination.state().blocked_customers = (every / 2..CUSTOMERS)
            .step_by(usize::try_from(every).unwrap())
            .map(|id| id.to_string())
            .collect();
    }
    let environment = Environment::at(
        "https://s.example.com/",
        "https://t.example.com/",
        "https://d.example.com/orders",
    )
    .with("MAX_IN_FLIGHT", "20");
    aws.queues(|queues| {
        for id in 0..CUSTOMERS {
            let body = fixture::message(&customer_with_id(id));
            queues.send(QUEUE_URL, &body, BTreeMap::new(), None).unwrap();
        }
    });
    let started = Instant::now();
    let end = started + Duration::from_secs(3600);
    let workers = (0..workers).map(|_| async {
        let worker = submit_orders_over(&environment, &aws, Arc::new(destination.clone()));
        while let Some(next) = aws.queues(|queues| queues.next_visible(QUEUE_URL)) {
            if next >= end {
                break;
            }
            tokio::time::sleep_until(next.max(Instant::now() + Duration::from_millis(1))).await;
            let (received, event) = aws.queues(|queues| {
                let received = queues.receive(QUEUE_URL, BATCH, |_| 0);
                let event = queues.event(&received);
                (received, event)
            });
            if received.is_empty() {
                continue;
            }
            let deadline = Instant::now() + FUNCTION_TIMEOUT;
            let answer = worker.handle(&raw(&event), until(deadline)).await.unwrap();
            let failed = answer.batch_item_failures;
            aws.queues(|queues| {
                for message in &received {
                    if !failed.iter().any(|failed| failed.item_identifier == message.id) {
                        queues.delete(QUEUE_URL, &message.receipt_handle()).unwrap();
                    }
                }
            });
        }
    });
    futures::future::join_all(workers).await;
    let state = destination.state();
    let lines = aws.console().metrics();
    let mut dead_letters = BTreeMap::new();
    for letter in aws.queues(|queues| queues.messages(DEAD_LETTER_QUEUE_URL)) {
        let key =
            ["reason", "http_status"].map(|name| letter.attributes.get(name).cloned().unwrap_or_default());
        *dead_letters.entry(key.into()).or_default() += 1;
    }
    Drained {
        others_took: *state.deliveries.last().unwrap() - started,
        delivered: sum(&lines, "OrdersDelivered"),
        rejected: sum(&lines, "OrdersRejected"),
        retried: sum(&lines, "OrdersRetried"),
        deferred: sum(&lines, "OrdersDeferred"),
        misconfigured: sum(&lines, "DestinationMisconfigured"),
        posts: state.posts,
        dead_letters,
    }
}

#[tokio::test(start_paused = true)]
async fn blocked_orders_are_rejected_at_their_fifth_receive() {
    let unblocked = drain(0, 1).await;
    let drained = drain(BLOCKED, 1).await;
    let rejected = ("rejected_by_destination".to_owned(), "403".to_owned());
    assert_eq!(
        drained,
        Drained {
            others_took: drained.others_took,
            delivered: 990.0,
            rejected: 10.0,
            retried: 40.0,
            deferred: 0.0,
            misconfigured: 0.0,
            posts: CUSTOMERS - BLOCKED + BLOCKED * LAST_RECEIVE,
            dead_letters: BTreeMap::from([(rejected, 10)]),
        }
    );
    assert!(
        drained.others_took <= unblocked.others_took.mul_f64(1.05),
        "{drained:?}, {unblocked:?} without blocked orders"
    );
}

#[tokio::test(start_paused = true)]
async fn blocked_orders_delay_no_others_across_instances() {
    let unblocked = drain(0, 5).await;
    let drained = drain(BLOCKED, 5).await;
    println!(
        "1 % blocked, five instances: {drained:?}; none blocked: {:?}",
        unblocked.others_took
    );
    assert!(
        drained.others_took <= unblocked.others_took.mul_f64(1.05),
        "{drained:?}"
    );
    // Of the blocked orders themselves: none of the others waited for them.
    assert!(drained.deferred <= 50.0, "{drained:?}");
    assert!(drained.delivered.to_string() == "990", "{drained:?}");
}

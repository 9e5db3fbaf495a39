//! What a long outage costs: nothing but time, and few calls.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use integration_tests::{
    bridge::{
        DEAD_LETTER_QUEUE_URL, Environment, FUNCTION_TIMEOUT, QUEUE_URL, account, raw, submit_orders_over,
        until,
    },
    destination::{Condition, Destination},
};
use sandbox::Settings;
use submit_orders::destination::circuit_breaker::{FAILURE_THRESHOLD, OPEN_DURATION};
use tokio::time::Instant;

const IN_FLIGHT: u64 = 10;
const HOUR: Duration = Duration::from_secs(3600);

/// An outage of the destination, with so many messages and workers: afterwards all orders are there, and no dead
/// letter.
///
/// # Returns
/// How many POSTs of orders arrived while it lasted.
async fn posts_during(outage: Duration, messages: u64, workers: u64) -> u64 {
    let settings = Settings::default();
    let aws = account(&settings);
    let destination = Destination::new(1, &settings.client_secret);
    let over = Instant::now() + outage;
    destination.state().schedule = vec![
        (Instant::now(), Condition::Overloaded),
        (over, Condition::Healthy),
    ];
    let environment = Environment::at(
        "https://s.example.com/",
        "https://t.example.com/",
        "https://d.example.com/orders",
    )
    .with("MAX_IN_FLIGHT", IN_FLIGHT.to_string());
    aws.queues(|queues| {
        for id in 0..messages {
            let body = fixture::message(&fixture::customer_with_id(id));
            queues.send(QUEUE_URL, &body, BTreeMap::new(), None).unwrap();
        }
    });
    let posts_when_over = async {
        tokio::time::sleep_until(over).await;
        destination.state().posts
    };
    let workers = (0..workers).map(|_| async {
        let worker = submit_orders_over(&environment, &aws, Arc::new(destination.clone()));
        while let Some(next) = aws.queues(|queues| queues.next_visible(QUEUE_URL)) {
            // A batching window, so that an invocation has more than a message or two to do.
            tokio::time::sleep_until(next.max(Instant::now() + Duration::from_secs(10))).await;
            let (received, event) = aws.queues(|queues| {
                let received = queues.receive(QUEUE_URL, 500, |_| 0);
                let event = queues.event(&received);
                (received, event)
            });
            let answer = worker
                .handle(&raw(&event), until(Instant::now() + FUNCTION_TIMEOUT))
                .await
                .unwrap();
            let failed: Vec<_> = answer
                .batch_item_failures
                .iter()
                .map(|failed| &failed.item_identifier)
                .collect();
            aws.queues(|queues| {
                for message in received.iter().filter(|message| !failed.contains(&&message.id)) {
                    queues.delete(QUEUE_URL, &message.receipt_handle()).unwrap();
                }
            });
        }
    });
    let (posts, _) = tokio::join!(posts_when_over, futures::future::join_all(workers));
    assert_eq!(destination.state().ledger.len() as u64, messages);
    assert_eq!(
        aws.queues(|queues| queues.messages(DEAD_LETTER_QUEUE_URL)).len(),
        0
    );
    posts
}

#[tokio::test(start_paused = true)]
async fn posts_of_outage_depend_on_duration_only() {
    let workers = 5;
    let few = posts_during(HOUR, 1_000, workers).await;
    let many = posts_during(HOUR, 10_000, workers).await;
    println!(
        "POSTs during an hour's outage: {few} with 1,000 messages, {many} with 10,000; {workers} workers"
    );
    // Each worker finds out once, with all that it has in flight, and then probes each time the circuit is half-open.
    let finding_out = IN_FLIGHT + u64::from(FAILURE_THRESHOLD);
    let probes = 3600 / OPEN_DURATION.as_secs() + 1;
    assert!(few > probes / 2, "{few}");
    assert!(many <= workers * (finding_out + probes), "{many}");
}

#[tokio::test(start_paused = true)]
async fn outage_of_24_hours_loses_no_order() {
    for _ in 0..5 {
        assert!(posts_during(24 * HOUR, 40, 2).await > 0);
    }
}

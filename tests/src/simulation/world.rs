//! The world of a seed: SQS, the destination, and the workers between them.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use submit_orders::handler::Handler;
use tokio::time::Instant;

use super::{
    killable::{Ended, Killable},
    messages::{Expected, messages},
    scenario::{ConflictScenario, DAY, Kind},
    schedule::schedule_conditions,
};
use crate::{
    aws::{Aws, Fault},
    bridge::{
        DEAD_LETTER_QUEUE_URL, DESTINATION_SECRET, Environment, FUNCTION_TIMEOUT, QUEUE_URL, raw,
        submit_orders_over, until,
    },
    destination::{CLIENT_ID, Destination},
    sqs::{QueueSettings, StoredMessage},
};

pub(super) struct World {
    pub(super) kind: Kind,
    conflicts: ConflictScenario,
    random: Arc<Mutex<fastrand::Rng>>,
    pub(super) aws: Aws,
    pub(super) destination: Destination,
    environment: Environment,
    /// The messages, and what is expected of each.
    pub(super) expected: BTreeMap<String, Expected>,
    faults_end: Instant,
    workers: usize,
    batch: usize,
    pub(super) counts: Mutex<Counts>,
}

#[derive(Default, Clone, Copy)]
pub(super) struct Counts {
    pub(super) invocations: u64,
    pub(super) killed: u64,
    /// Messages that the invocations received which were not killed.
    pub(super) settled: usize,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let kind = match random.u32(..10) {
            0..=3 => Kind::DestinationFaults,
            4..=8 => Kind::AllFaults,
            _ => Kind::LongOutage,
        };
        let aws = Aws::default();
        let destination = Destination::new(random.u64(..), "fixture-secret-0");
        aws.set_secret(DESTINATION_SECRET, client("fixture-secret-0"));
        let receives = if kind == Kind::LongOutage { 1000 } else { 60 };
        aws.create_queue(
            DEAD_LETTER_QUEUE_URL,
            QueueSettings {
                retention: 14 * DAY,
                ..QueueSettings::default()
            },
        );
        aws.create_queue(
            QUEUE_URL,
            QueueSettings {
                redrive: Some((DEAD_LETTER_QUEUE_URL.to_owned(), receives)),
                ..QueueSettings::default()
            },
        );
        let mut environment = Environment::at(
            "https://s.example.com/",
            "https://t.example.com/token",
            "https://d.example.com/orders",
        )
        .with("MAX_IN_FLIGHT", random.u32(1..=20).to_string());
        if random.u32(..4) == 0 {
            environment = environment.with("ORDERS_PER_SECOND", random.u32(1..=20).to_string());
        }
        let conflicts = ConflictScenario::ALL[random.usize(..ConflictScenario::ALL.len())];
        destination.state().conflict_behavior = conflicts.behavior();
        environment = environment.with("CONFLICT_MEANS", conflicts.means());
        let (workers, batch) = (random.usize(1..=3), random.usize(1..=20));
        // Days of hourly attempts take long to simulate for each message.
        let most = if kind == Kind::LongOutage { 4 } else { 24 };
        let expected = messages(random.u32(1..=most), &mut random, &destination);
        let faults_end = schedule_conditions(&mut random, kind, &destination);
        let world = Self {
            kind,
            conflicts,
            random: Arc::new(Mutex::new(random)),
            aws,
            destination,
            environment,
            expected,
            faults_end,
            workers,
            batch,
            counts: Mutex::default(),
        };
        world.set_aws_faults();
        world.aws.queues(|queues| {
            for body in world.expected.keys() {
                queues
                    .send(QUEUE_URL, body, BTreeMap::new(), None)
                    .expect("SQS takes it");
            }
        });
        world
    }

    /// Whether something happens that happens in `percent` of all cases, in a world of all faults, until they end.
    fn by_chance(&self, percent: u32) -> bool {
        self.kind == Kind::AllFaults && Instant::now() < self.faults_end && self.roll(100) < percent
    }

    fn roll(&self, sides: u32) -> u32 {
        self.random.lock().expect("not poisoned").u32(..sides)
    }

    fn set_aws_faults(&self) {
        let random = Arc::clone(&self.random);
        self.aws
            .set_latency(move || Duration::from_millis(random.lock().expect("not poisoned").u64(..50)));
        if self.kind != Kind::AllFaults {
            return;
        }
        let (random, faults_end) = (Arc::clone(&self.random), self.faults_end);
        self.aws.set_faults(move |_| {
            let mut random = random.lock().expect("not poisoned");
            if Instant::now() >= faults_end {
                return None;
            }
            match random.u32(..100) {
                0..3 => Some(Fault::Refuse(500, "InternalFailure")),
                3..5 => Some(Fault::Refuse(400, "AccessDeniedException")),
                5..8 => Some(Fault::LoseAnswer),
                8 => Some(Fault::Hang),
                9..12 => Some(Fault::FailEntries {
                    entries: vec![random.usize(..10)],
                    sender_fault: random.bool(),
                }),
                _ => None,
            }
        });
    }

    /// Runs until the queue is empty.
    pub(super) async fn run(&self) {
        let rotation = async {
            let (at, gap) = (self.roll(20 * 3600), self.roll(1800));
            tokio::time::sleep(Duration::from_secs(at.into())).await;
            {
                let mut state = self.destination.state();
                state.client_secret = "fixture-secret-1".to_owned();
                state.revoke_tokens();
            }
            tokio::time::sleep(Duration::from_secs(gap.into())).await;
            self.aws
                .set_secret(DESTINATION_SECRET, client("fixture-secret-1"));
        };
        let workers = (0..self.workers).map(|_| self.work());
        tokio::join!(futures::future::join_all(workers), rotation);
    }

    /// One worker after the other: each lives until it is killed.
    async fn work(&self) {
        let mut worker = self.new_worker();
        while let Some(next) = self.aws.queues(|queues| queues.next_visible(QUEUE_URL)) {
            tokio::time::sleep_until(next).await;
            let (received, event) = self.aws.queues(|queues| {
                let received = queues.receive(QUEUE_URL, self.batch, |count| {
                    self.random.lock().expect("not poisoned").usize(..count)
                });
                let event = queues.event(&received);
                (received, event)
            });
            if received.is_empty() {
                // Another worker was faster, or a message was moved or deleted.
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
            self.deliver_twice(&received);
            match self.invoke(&worker, event).await {
                Ended::Answered(failed) => {
                    self.counts.lock().expect("not poisoned").settled += received.len();
                    self.settle(&received, &failed);
                }
                Ended::Killed => worker = self.new_worker(),
            }
        }
    }

    fn new_worker(&self) -> Handler {
        submit_orders_over(&self.environment, &self.aws, Arc::new(self.destination.clone()))
    }

    /// SQS delivers at least once: some messages stay visible though they were received.
    fn deliver_twice(&self, received: &[StoredMessage]) {
        if !self.conflicts.may_be_delivered_twice() {
            return;
        }
        for message in received {
            if self.by_chance(3) {
                self.aws
                    .queues(|queues| {
                        queues.change_visibility(QUEUE_URL, &message.receipt_handle(), Duration::ZERO)
                    })
                    .ok();
            }
        }
    }

    async fn invoke(&self, worker: &Handler, event: Value) -> Ended<Vec<String>> {
        let (deadline, event) = (Instant::now() + FUNCTION_TIMEOUT, raw(&event));
        let polls_left = self.by_chance(12).then(|| self.roll(200));
        let invocation = Killable {
            future: Box::pin(worker.handle(&event, until(deadline))),
            polls_left,
        };
        let ended = tokio::time::timeout_at(deadline, invocation)
            .await
            .unwrap_or(Ended::Killed);
        let mut counts = self.counts.lock().expect("not poisoned");
        counts.invocations += 1;
        match ended {
            Ended::Answered(answer) => {
                let failures = answer.expect("every message has an id").batch_item_failures;
                Ended::Answered(
                    failures
                        .into_iter()
                        .map(|failure| failure.item_identifier)
                        .collect(),
                )
            }
            Ended::Killed => {
                counts.killed += 1;
                Ended::Killed
            }
        }
    }

    /// Deletes what did not fail, as the event source mapping does; a call of its own may fail too.
    fn settle(&self, received: &[StoredMessage], failed: &[String]) {
        let names: BTreeSet<&String> = failed.iter().collect();
        assert_eq!(
            names.len(),
            failed.len(),
            "a message is named twice: AWS would take it as a bug"
        );
        assert!(
            failed
                .iter()
                .all(|id| received.iter().any(|message| message.id == *id)),
            "an unknown id fails the whole batch"
        );
        for message in received.iter().filter(|message| !names.contains(&message.id)) {
            if !self.by_chance(2) {
                self.aws
                    .queues(|queues| queues.delete(QUEUE_URL, &message.receipt_handle()))
                    .expect("a receipt");
            }
        }
    }
}

fn client(secret: &str) -> String {
    json!({"client_id": CLIENT_ID, "client_secret": secret}).to_string()
}

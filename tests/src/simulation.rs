//! A bridge in a world that fails by seed: the real handler of `submit-orders` between a model of SQS and a
//! model of the destination, on a clock that jumps from event to event.
//!
//! A seed decides everything: the customers, the weather at the destination, when its credentials are rotated,
//! which calls to AWS fail, which messages are delivered twice and out of order, and when a worker is killed
//! between two awaits. The same seed is the same story, to the letter.

mod checks;
mod fates;

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
    task::{Context, Poll},
    time::Duration,
};

use serde_json::{Value, json};
use submit_orders::handler::Handler;
use tokio::time::Instant;

use crate::{
    aws::{Aws, Fault},
    bridge::{
        DEAD_LETTER_QUEUE_URL, DESTINATION_SECRET, Environment, FUNCTION_TIMEOUT, QUEUE_URL, raw,
        submit_orders_over, until,
    },
    destination::{CLIENT_ID, Destination, Manners},
    sqs::{QueueSettings, StoredMessage},
};
use fates::{Fate, fates, forecast};

const ORDER_DATE: &str = "2023-10-15T14:30:00Z";
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// What a world is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The destination fails, for less than a day; AWS and the workers do not.
    Orderly,
    /// Everything fails, for less than a day.
    Chaotic,
    /// The destination is down for longer than the queue keeps messages.
    Hopeless,
}

/// A story that came to its end.
#[derive(Debug)]
pub struct Story {
    /// What kind of world it was.
    pub kind: Kind,
    /// What is not as it should be.
    pub wrong: Vec<String>,
    /// Messages at the start.
    pub messages: usize,
    /// Invocations of the function.
    pub invocations: u64,
    /// Of them, killed on the way.
    pub killed: u64,
    /// POSTs of orders.
    pub posts: u64,
    /// How long it took in the world.
    pub lasted: Duration,
}

/// How the destination answers an order that exists or is under way, and what the bridge takes 409 for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Conflicts {
    /// 409 says that the order exists, and is taken for that.
    Duplicate,
    /// 409 says that a request is under way, and is retried.
    Retry,
    /// 409 says either of the two; requests under way may fail.
    ConfirmFailures,
    /// 409 says either of the two; messages may be delivered twice.
    ConfirmTwice,
    /// 409 says that a request is under way, and is believed after a minute all the same.
    ConfirmReplays,
}

impl Conflicts {
    const ALL: [Self; 5] = [
        Self::Duplicate,
        Self::Retry,
        Self::ConfirmFailures,
        Self::ConfirmTwice,
        Self::ConfirmReplays,
    ];

    const fn means(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::Retry => "retry",
            Self::ConfirmFailures | Self::ConfirmTwice | Self::ConfirmReplays => "confirm",
        }
    }

    const fn manners(self) -> Manners {
        Manners {
            conflict_if_exists: !matches!(self, Self::Retry | Self::ConfirmReplays),
            conflict_if_under_way: !matches!(self, Self::Duplicate),
            under_way_may_fail: !matches!(self, Self::ConfirmTwice),
        }
    }

    /// A duplicate delivery meets the request of the first one under way. `confirm` believes that the order exists, if
    /// the message was received a minute ago before that: only where such requests do not fail is that no loss.
    const fn may_be_delivered_twice(self) -> bool {
        !matches!(self, Self::ConfirmFailures | Self::ConfirmReplays)
    }
}

/// Tells the story of a seed.
#[must_use]
pub fn tell(seed: u64) -> Story {
    // The function's jitter, and the SDK's.
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async { World::new(seed).run().await })
}

struct World {
    kind: Kind,
    conflicts: Conflicts,
    random: Arc<Mutex<fastrand::Rng>>,
    aws: Aws,
    destination: Destination,
    environment: Environment,
    fates: BTreeMap<String, Fate>,
    calm_from: Instant,
    workers: usize,
    batch: usize,
    counts: Mutex<Counts>,
}

#[derive(Default, Clone, Copy)]
struct Counts {
    invocations: u64,
    killed: u64,
    /// Messages that the invocations received which were not killed.
    settled: usize,
}

/// What one invocation came to.
enum Ended<T> {
    Answered(T),
    Killed,
}

/// A future that is dropped at its `left`th poll, wherever it is then.
struct Mortal<F> {
    life: F,
    left: Option<u32>,
}

impl<F: Future + Unpin> Future for Mortal<F> {
    type Output = Ended<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(left) = &mut self.left {
            if *left == 0 {
                return Poll::Ready(Ended::Killed);
            }
            *left -= 1;
        }
        Pin::new(&mut self.life).poll(context).map(Ended::Answered)
    }
}

impl World {
    fn new(seed: u64) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let kind = match random.u32(..10) {
            0..=3 => Kind::Orderly,
            4..=8 => Kind::Chaotic,
            _ => Kind::Hopeless,
        };
        let aws = Aws::default();
        let destination = Destination::new(random.u64(..), "fixture-secret-0");
        aws.set_secret(DESTINATION_SECRET, client("fixture-secret-0"));
        let receives = if kind == Kind::Hopeless { 1000 } else { 60 };
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
        let conflicts = Conflicts::ALL[random.usize(..Conflicts::ALL.len())];
        destination.state().manners = conflicts.manners();
        environment = environment.with("CONFLICT_MEANS", conflicts.means());
        let (workers, batch) = (random.usize(1..=3), random.usize(1..=20));
        // Days of hourly tries make a long story of each message.
        let most = if kind == Kind::Hopeless { 4 } else { 24 };
        let fates = fates(random.u32(1..=most), &mut random, &destination);
        let calm_from = forecast(&mut random, kind, &destination);
        let world = Self {
            kind,
            conflicts,
            random: Arc::new(Mutex::new(random)),
            aws,
            destination,
            environment,
            fates,
            calm_from,
            workers,
            batch,
            counts: Mutex::default(),
        };
        world.spoil_aws();
        world.aws.queues(|queues| {
            for body in world.fates.keys() {
                queues
                    .send(QUEUE_URL, body, BTreeMap::new(), None)
                    .expect("SQS takes it");
            }
        });
        world
    }

    /// Whether something happens that happens in `percent` of all cases, in a chaotic world before it calms.
    fn by_chance(&self, percent: u32) -> bool {
        self.kind == Kind::Chaotic && Instant::now() < self.calm_from && self.roll(100) < percent
    }

    fn roll(&self, sides: u32) -> u32 {
        self.random.lock().expect("not poisoned").u32(..sides)
    }

    fn spoil_aws(&self) {
        let random = Arc::clone(&self.random);
        self.aws
            .set_latency(move || Duration::from_millis(random.lock().expect("not poisoned").u64(..50)));
        if self.kind != Kind::Chaotic {
            return;
        }
        let (random, calm_from) = (Arc::clone(&self.random), self.calm_from);
        self.aws.set_faults(move |_| {
            let mut random = random.lock().expect("not poisoned");
            if Instant::now() >= calm_from {
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

    async fn run(self) -> Story {
        let began = Instant::now();
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
        let counts = *self.counts.lock().expect("not poisoned");
        Story {
            kind: self.kind,
            wrong: self.wrong(),
            messages: self.fates.len(),
            invocations: counts.invocations,
            killed: counts.killed,
            posts: self.destination.state().posts,
            lasted: began.elapsed(),
        }
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
        let life = self.by_chance(12).then(|| self.roll(200));
        let life = Mortal {
            life: Box::pin(worker.handle(&event, until(deadline))),
            left: life,
        };
        let ended = tokio::time::timeout_at(deadline, life)
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

//! One run over every customer: started as the schedule would, and followed until nothing moves any more.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;
use shared::domain::order_date::OrderDate;

use crate::error::Error;
use crate::stack::LocalDeployment;

const POLL: Duration = Duration::from_millis(200);

/// How far a run is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Customers that the source has.
    pub customers: u64,
    /// Customers that the source has sent.
    pub fetched: u64,
    /// Messages that the customer queue took.
    pub enqueued: u64,
    /// Orders that came into being.
    pub delivered: u64,
    /// Orders that were there already.
    pub duplicates: u64,
    /// Messages that came to the dead-letter queue.
    pub dead_lettered: u64,
    /// Messages that are on the customer queue, in flight or waiting for their next attempt.
    pub waiting: u64,
}

impl Counts {
    /// Whether every customer met its fate. Ids are compared afterwards.
    fn settled(self) -> bool {
        let fates = self.delivered + self.duplicates + self.dead_lettered;
        self.enqueued >= self.customers && self.waiting == 0 && fates >= self.customers
    }

    fn since(self, start: Self) -> Self {
        Self {
            customers: self.customers,
            fetched: self.fetched.saturating_sub(start.fetched),
            enqueued: self.enqueued.saturating_sub(start.enqueued),
            delivered: self.delivered.saturating_sub(start.delivered),
            duplicates: self.duplicates.saturating_sub(start.duplicates),
            dead_lettered: self.dead_lettered.saturating_sub(start.dead_lettered),
            waiting: self.waiting,
        }
    }
}

/// A run, after the fact.
#[derive(Debug, Clone)]
pub struct Run {
    /// The date stamped on every order.
    pub order_date: OrderDate,
    /// What was counted.
    pub counts: Counts,
    /// From the schedule's call to the last thing that happened.
    pub elapsed: Duration,
    /// False where nothing moved any more, and yet customers were left.
    pub settled: bool,
    /// AWS calls of the functions in this run, by action.
    pub aws_calls: BTreeMap<String, u64>,
}

impl LocalDeployment {
    /// Fires the schedule at `order_date` and follows the run. `progress` is called at every look.
    ///
    /// The run ends when every customer has its fate, or when nothing has happened for `patience`.
    ///
    /// # Errors
    /// The run was given up by Lambda, or the local AWS failed.
    pub async fn run(
        &self,
        order_date: OrderDate,
        patience: Duration,
        mut progress: impl FnMut(&Counts),
    ) -> Result<Run, Error> {
        let start = self.counts().await?;
        let calls_before = self.recorder.counts();
        let failed_before = self.depth("FailedRunsQueueUrl").await?.total();
        let began = Instant::now();
        self.fire_schedule(order_date).await?;

        let (mut counts, mut changed) = (Counts::default(), began);
        loop {
            let now = self.counts().await?.since(start);
            progress(&now);
            if now != counts {
                (counts, changed) = (now, Instant::now());
            }
            if self.depth("FailedRunsQueueUrl").await?.total() > failed_before {
                return Err(Error::RunFailed(self.last_failure().await?));
            }
            let settled = counts.settled();
            if settled || changed.elapsed() >= patience {
                let mut aws_calls = self.recorder.counts();
                for (action, before) in calls_before {
                    aws_calls.entry(action).and_modify(|count| *count -= before);
                }
                aws_calls.retain(|_, count| *count > 0);
                return Ok(Run {
                    order_date,
                    counts,
                    elapsed: changed - began,
                    settled,
                    aws_calls,
                });
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn counts(&self) -> Result<Counts, Error> {
        let seen = self.sandbox.counters();
        Ok(Counts {
            customers: self.sandbox.settings().customers.count(),
            fetched: seen.customers_served,
            enqueued: self.recorder.accepted(self.output("CustomerQueueUrl")?),
            delivered: seen.orders_stored,
            duplicates: seen.orders_duplicate,
            dead_lettered: self.depth("DeadLetterQueueUrl").await?.total(),
            waiting: self.depth("CustomerQueueUrl").await?.total(),
        })
    }

    /// What Lambda says of the run that it gave up on.
    async fn last_failure(&self) -> Result<String, Error> {
        let body = self.failed_runs().await?.pop().unwrap_or_default();
        let failure: Value = serde_json::from_str(&body).unwrap_or_default();
        let message = failure
            .pointer("/responsePayload/errorMessage")
            .and_then(Value::as_str);
        Ok(message.map_or(body, str::to_owned))
    }
}

//! One run over all customers: started as the schedule starts it, and followed until it makes no more progress.

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
    pub customers: u64,
    /// Customers that the source has sent.
    pub fetched: u64,
    /// Messages that the customer queue accepted.
    pub enqueued: u64,
    /// Orders that the destination created.
    pub delivered: u64,
    /// Orders that existed before.
    pub duplicates: u64,
    /// Messages that became dead letters.
    pub dead_lettered: u64,
    /// Messages that are on the customer queue, in flight or waiting for their next attempt.
    pub waiting: u64,
}

impl Counts {
    /// Whether every customer has an order or a dead letter, by number. Ids are compared afterwards.
    fn settled(self) -> bool {
        let outcomes = self.delivered + self.duplicates + self.dead_lettered;
        self.enqueued >= self.customers && self.waiting == 0 && outcomes >= self.customers
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

#[derive(Debug, Clone)]
pub struct Run {
    /// The order date of every order.
    pub order_date: OrderDate,
    pub counts: Counts,
    /// From the start of the schedule to the last change of the counts.
    pub elapsed: Duration,
    /// Whether every customer has an order or a dead letter.
    pub settled: bool,
    /// AWS calls of the functions in this run, by action.
    pub aws_calls: BTreeMap<String, u64>,
}

impl LocalDeployment {
    /// Fires the schedule at `order_date` and follows the run. `progress` is called at each poll.
    ///
    /// Returns when every customer has an order or a dead letter, or when the counts have not changed for `idle_timeout`.
    ///
    /// # Errors
    /// The function failed in all its attempts, or the local AWS failed.
    pub async fn run(
        &self,
        order_date: OrderDate,
        idle_timeout: Duration,
        mut progress: impl FnMut(&Counts),
    ) -> Result<Run, Error> {
        let start = self.counts().await?;
        let calls_before = self.recorder.counts();
        let failed_before = self.depth("FailedRunsQueueUrl").await?.total();
        let started = Instant::now();
        self.fire_schedule(order_date).await?;

        let (mut counts, mut changed) = (Counts::default(), started);
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
            if settled || changed.elapsed() >= idle_timeout {
                let mut aws_calls = self.recorder.counts();
                for (action, before) in calls_before {
                    aws_calls.entry(action).and_modify(|count| *count -= before);
                }
                aws_calls.retain(|_, count| *count > 0);
                return Ok(Run {
                    order_date,
                    counts,
                    elapsed: changed - started,
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

    /// The error of the invocation that Lambda reports on the queue of failed runs.
    async fn last_failure(&self) -> Result<String, Error> {
        let body = self.failed_runs().await?.pop().unwrap_or_default();
        let failure: Value = serde_json::from_str(&body).unwrap_or_default();
        let message = failure
            .pointer("/responsePayload/errorMessage")
            .and_then(Value::as_str);
        Ok(message.map_or(body, str::to_owned))
    }
}

//! CustomerQueue in front of one instance of `submit-orders`, in real time.

use std::{
    collections::BTreeMap,
    error::Error,
    ops::Range,
    time::{Duration, Instant},
};

use serde::Deserialize;

use crate::{
    batch::{self, Received},
    customers::Customers,
    function::Function,
};

/// Messages of one invocation: the template's default.
pub(super) const BATCH: usize = 100;

/// The template's `VisibilityTimeout`, for a message whose visibility the function did not set.
const VISIBILITY_TIMEOUT: Duration = Duration::from_secs(370);

/// Messages by the index of their customer.
pub(super) struct Queue {
    customers: Customers,
    waiting: BTreeMap<u64, Waiting>,
    /// How often each message came back.
    returns: BTreeMap<u64, usize>,
}

#[derive(Clone, Copy)]
struct Waiting {
    visible_at: Instant,
    receives: u32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BatchAnswer {
    batch_item_failures: Vec<Failure>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

impl Queue {
    /// A message for each of these customers.
    pub(super) fn new(customers: Customers, indices: Range<u64>) -> Self {
        let message = Waiting {
            visible_at: Instant::now(),
            receives: 0,
        };
        Self {
            customers,
            waiting: indices.map(|index| (index, message)).collect(),
            returns: BTreeMap::new(),
        }
    }

    /// Delivers batches until no message is left but ignored ones, and returns how long that took; `None` at the
    /// time-out.
    pub(super) async fn drain(
        &mut self,
        function: &mut Function,
        timeout: Duration,
        is_ignored: impl Fn(u64) -> bool,
    ) -> Result<Option<Duration>, Box<dyn Error>> {
        let began = Instant::now();
        while self.waiting.keys().any(|index| !is_ignored(*index)) {
            if began.elapsed() > timeout {
                return Ok(None);
            }
            self.deliver(function).await?;
        }
        Ok(Some(began.elapsed()))
    }

    /// How many of these messages came back at least once.
    pub(super) fn returned(&self, counts: impl Fn(u64) -> bool) -> usize {
        self.returns.keys().filter(|index| counts(**index)).count()
    }

    /// Waits until a message is visible, and delivers one batch.
    async fn deliver(&mut self, function: &mut Function) -> Result<(), Box<dyn Error>> {
        let next = self.waiting.values().map(|message| message.visible_at).min();
        if let Some(next) = next {
            tokio::time::sleep_until(next.into()).await;
        }
        let now = Instant::now();
        let visible = self.waiting.iter_mut();
        let visible = visible
            .filter(|(_, message)| message.visible_at <= now)
            .take(BATCH);
        let mut received = Vec::new();
        for (index, message) in visible {
            message.receives += 1;
            message.visible_at = now + VISIBILITY_TIMEOUT;
            received.push(Received {
                number: *index,
                body: self.customers.message(*index),
                receives: message.receives,
            });
        }
        let numbers: Vec<u64> = received.iter().map(|message| message.number).collect();
        let answer = function.invoke(batch::event_of_received(received)).await?;
        let answer: BatchAnswer = serde_json::from_slice(&answer)?;
        let failed: Vec<String> = answer
            .batch_item_failures
            .into_iter()
            .map(|failure| failure.item_identifier)
            .collect();
        for number in numbers {
            if failed.contains(&batch::message_id(number)) {
                *self.returns.entry(number).or_default() += 1;
            } else {
                self.waiting.remove(&number);
            }
        }
        for (receipt_handle, delay) in function.remotes().aws.take_visibilities() {
            let number = batch::number_of(&receipt_handle);
            if let Some(message) = number.and_then(|number| self.waiting.get_mut(&number)) {
                message.visible_at = Instant::now() + delay;
            }
        }
        Ok(())
    }
}

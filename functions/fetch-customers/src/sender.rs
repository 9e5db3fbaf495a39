//! Several batches on their way to the queue at once.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::queue::{Batch, CustomerQueue, Entry, QueueError, RunContext, SendOutcome};

/// How many calls are under way at once. At 20 ms a call (Amazon SQS Developer Guide, "Increasing throughput
/// using horizontal scaling and action batching") they put 8,000 customers a second on the queue: five million
/// in less than the 15 minutes that an invocation may take. They hold 16 MiB of messages at most, as requests
/// about three times that.
const CALLS_IN_FLIGHT: usize = 16;

/// Takes messages one by one, and sends them in batches.
pub struct BatchSender {
    queue: Arc<CustomerQueue>,
    origin: RunContext,
    batch: Batch,
    calls: JoinSet<SendOutcome>,
    sent: SendOutcome,
}

impl BatchSender {
    /// Nothing is sent yet.
    #[must_use]
    pub fn new(queue: Arc<CustomerQueue>, origin: RunContext) -> Self {
        Self {
            queue,
            origin,
            batch: Batch::default(),
            calls: JoinSet::new(),
            sent: SendOutcome::default(),
        }
    }

    /// Takes a message. Waits while as many calls as allowed are under way.
    pub async fn put(&mut self, entry: Entry) {
        if !self.batch.has_room_for(&entry.body) {
            self.call().await;
        }
        self.batch.push(entry);
        if self.batch.is_full() {
            self.call().await;
        }
    }

    /// Whether a call has failed, so that there is no use in more of them.
    #[must_use]
    pub const fn has_failed(&self) -> bool {
        self.sent.failure.is_some()
    }

    /// Sends what is left, and waits for all calls.
    pub async fn finish(mut self) -> SendOutcome {
        if !self.batch.is_empty() && !self.has_failed() {
            self.call().await;
        }
        self.wait_for_fewer_than(1).await;
        self.sent
    }

    async fn call(&mut self) {
        self.wait_for_fewer_than(CALLS_IN_FLIGHT).await;
        let batch = std::mem::take(&mut self.batch);
        let (queue, origin) = (self.queue.clone(), self.origin.clone());
        self.calls.spawn(async move { queue.send(batch, &origin).await });
    }

    async fn wait_for_fewer_than(&mut self, calls: usize) {
        while self.calls.len() >= calls
            && let Some(done) = self.calls.join_next().await
        {
            let failed = |why| SendOutcome {
                failure: Some(QueueError::Call(format!("{why}"))),
                ..SendOutcome::default()
            };
            self.sent.add(done.unwrap_or_else(failed));
        }
    }
}

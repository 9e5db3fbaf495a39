//! When a message that stays on the queue is seen again.

use std::time::Duration;

use aws_sdk_sqs::{Client, types::ChangeMessageVisibilityBatchRequestEntry};
use futures::{StreamExt, stream};
use tokio::time::Instant;

/// The most entries of one call (`ChangeMessageVisibilityBatch`, Amazon SQS API reference).
const BATCH: usize = 10;

/// How many calls are under way at once.
const CALLS_IN_FLIGHT: usize = 8;

/// How often an entry is sent that SQS failed to take for reasons of its own.
const ATTEMPTS: usize = 2;

/// A message that stays on the queue.
#[derive(Debug, Clone)]
pub struct Returned {
    /// SQS's handle of this receive.
    pub receipt_handle: String,
    /// From now on, how long it is not seen.
    pub delay: Duration,
}

/// The queue that the messages come from.
pub struct CustomerQueue {
    sqs: Client,
    url: String,
}

impl CustomerQueue {
    /// Sets up; calls nothing yet.
    #[must_use]
    pub const fn new(sqs: Client, url: String) -> Self {
        Self { sqs, url }
    }

    /// Sets when each message is seen again. What cannot be set is seen after the queue's own visibility
    /// time-out: sooner or later than wished, but nothing is lost, so this does not fail.
    pub async fn hide(&self, returned: Vec<Returned>, until: Instant) {
        let calls = returned.chunks(BATCH).map(|chunk| self.hide_batch(chunk));
        let all = stream::iter(calls)
            .buffer_unordered(CALLS_IN_FLIGHT)
            .collect::<Vec<usize>>();
        let not_set = match tokio::time::timeout_at(until, all).await {
            Ok(not_set) => not_set.into_iter().sum(),
            Err(_) => returned.len(),
        };
        if not_set > 0 {
            tracing::warn!(
                messages = not_set,
                "some messages' visibility may not be set: the queue's own visibility time-out applies to them"
            );
        }
    }

    /// # Returns
    /// How many could not be set.
    async fn hide_batch(&self, returned: &[Returned]) -> usize {
        let mut left: Vec<_> = returned
            .iter()
            .enumerate()
            .filter_map(|(at, item)| entry(at, item))
            .collect();
        for _ in 0..ATTEMPTS {
            let call = self.sqs.change_message_visibility_batch().queue_url(&self.url);
            // A failed call was repeated by the SDK already, where that could help.
            let Ok(answer) = call.set_entries(Some(left.clone())).send().await else {
                return left.len();
            };
            // A sender's fault is, above all, a receipt that is no longer good: nothing helps there.
            let failed = |entry: &ChangeMessageVisibilityBatchRequestEntry, senders: bool| {
                answer
                    .failed
                    .iter()
                    .any(|f| f.id == entry.id && f.sender_fault == senders)
            };
            let hopeless = left.iter().filter(|entry| failed(entry, true)).count();
            left.retain(|entry| failed(entry, false));
            if left.is_empty() || hopeless > 0 {
                return left.len() + hopeless;
            }
        }
        left.len()
    }
}

fn entry(at: usize, item: &Returned) -> Option<ChangeMessageVisibilityBatchRequestEntry> {
    // Rounded up: what the remote asked for is a floor.
    let secs = item.delay.as_secs() + u64::from(item.delay.subsec_nanos() > 0);
    ChangeMessageVisibilityBatchRequestEntry::builder()
        .id(at.to_string())
        .receipt_handle(&item.receipt_handle)
        .visibility_timeout(i32::try_from(secs).ok()?)
        .build()
        .ok()
}

//! When a received message is seen again.

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

/// A message that goes back to its queue.
#[derive(Debug, Clone)]
pub struct Returned {
    /// SQS's handle of this receive.
    pub receipt_handle: String,
    /// From now on, how long it is not seen.
    pub delay: Duration,
}

/// Sets when each message is seen again, until `until`. What cannot be set is seen after the visibility time-out
/// that it was received with: sooner or later than wished, but nothing is lost, so this does not fail.
///
/// # Returns
/// How many are not known to be set.
pub async fn set(sqs: &Client, queue_url: &str, returned: &[Returned], until: Instant) -> usize {
    let mut unset = returned.len();
    let calls = returned
        .chunks(BATCH)
        .map(|chunk| async move { chunk.len() - set_batch(sqs, queue_url, chunk).await });
    let mut calls = stream::iter(calls).buffer_unordered(CALLS_IN_FLIGHT);
    while let Ok(Some(set)) = tokio::time::timeout_at(until, calls.next()).await {
        unset -= set;
    }
    unset
}

/// # Returns
/// How many could not be set.
async fn set_batch(sqs: &Client, queue_url: &str, returned: &[Returned]) -> usize {
    let mut left: Vec<_> = returned
        .iter()
        .enumerate()
        .filter_map(|(at, item)| entry(at, item))
        .collect();
    // A sender's fault is, above all, a receipt that is no longer good: nothing helps there.
    let mut hopeless = 0;
    for _ in 0..ATTEMPTS {
        let call = sqs.change_message_visibility_batch().queue_url(queue_url);
        // A failed call was repeated by the SDK already, where that could help.
        let Ok(answer) = call.set_entries(Some(left.clone())).send().await else {
            break;
        };
        left.retain(|entry| answer.failed.iter().any(|failed| failed.id == entry.id));
        let before = left.len();
        left.retain(|entry| {
            answer
                .failed
                .iter()
                .any(|failed| failed.id == entry.id && !failed.sender_fault)
        });
        hopeless += before - left.len();
        if left.is_empty() {
            break;
        }
    }
    hopeless + left.len()
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

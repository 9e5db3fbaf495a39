//! Batch calls to SQS: one way for all three functions.
//!
//! * Items are collected into batches that one call takes: [`Batcher`] one by one, [`batches`] from a list.
//! * [`Queue::send`], [`Queue::delete`] and [`Queue::change_visibility`] make the calls. Entries that SQS failed for
//!   reasons of its own, or that its answer does not name, are sent again as the [`RetryPolicy`] says.
//! * What became of each item is a [`BatchResult`]; nothing is lost on the way.
//!
//! `fetch-customers` sends with five attempts, logs each retry in `on_retry`, counts `succeeded` as enqueued and
//! [`EntryFailure::Rejected`] as rejected; anything else in `failed`, or a `call_error`, ends its run.
//! `redrive-orders` sends with one attempt and deletes with two. `submit-orders` only changes visibility.

mod batch_result;
mod batcher;

use std::time::Duration;

use aws_sdk_sqs::{
    Client,
    error::SdkError,
    operation::{delete_message_batch::DeleteMessageBatchError, send_message_batch::SendMessageBatchError},
    types::{
        ChangeMessageVisibilityBatchRequestEntry, DeleteMessageBatchRequestEntry,
        SendMessageBatchRequestEntry, builders::SendMessageBatchRequestEntryBuilder,
    },
};
use futures::{StreamExt, TryFutureExt, stream};
use tokio::time::Instant;

use batch_result::Answer;
pub use batch_result::{BatchResult, EntryFailure, FailedEntry, Retry, RetryPolicy};
pub use batcher::{BATCH_BYTES, BATCH_ENTRIES, Batcher, batches};

/// How many calls of [`Queue::change_visibility`] are under way at once.
const VISIBILITY_CALLS_IN_FLIGHT: usize = 8;

/// How often a change of visibility is sent that SQS failed for reasons of its own.
const VISIBILITY_ATTEMPTS: u32 = 2;

/// A queue, and the client that reaches it.
#[derive(Debug, Clone)]
pub struct Queue {
    pub client: Client,
    pub url: String,
}

/// A message that stays on its queue, and how long from now it stays invisible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VisibilityChange {
    /// SQS's handle of this receive.
    pub receipt_handle: String,
    /// 12 hours since the receive at most (`ChangeMessageVisibility`, Amazon SQS API reference).
    pub delay: Duration,
}

impl Queue {
    /// Sends a message for each item. `entry` gives the body and the attributes; its id is set here.
    pub async fn send<T>(
        &self,
        items: Vec<T>,
        retry: RetryPolicy<'_>,
        entry: impl Fn(&T) -> SendMessageBatchRequestEntryBuilder,
    ) -> BatchResult<T, SdkError<SendMessageBatchError>> {
        batch_result::call(
            items,
            retry,
            |id, item| entry(item).id(id).build().ok(),
            |entries| {
                let call = self.client.send_message_batch().queue_url(&self.url);
                let call = call.set_entries(Some(entries)).send();
                call.map_ok(|output| {
                    let successful = output.successful.into_iter().map(|entry| entry.id);
                    Answer::new(successful, output.failed)
                })
            },
        )
        .await
    }

    /// Deletes a message for each item.
    pub async fn delete<T>(
        &self,
        items: Vec<T>,
        retry: RetryPolicy<'_>,
        receipt_handle: impl Fn(&T) -> &str,
    ) -> BatchResult<T, SdkError<DeleteMessageBatchError>> {
        batch_result::call(
            items,
            retry,
            |id, item| {
                let entry = DeleteMessageBatchRequestEntry::builder().id(id);
                entry.receipt_handle(receipt_handle(item)).build().ok()
            },
            |entries| {
                let call = self.client.delete_message_batch().queue_url(&self.url);
                let call = call.set_entries(Some(entries)).send();
                call.map_ok(|output| {
                    let successful = output.successful.into_iter().map(|entry| entry.id);
                    Answer::new(successful, output.failed)
                })
            },
        )
        .await
    }

    /// Sets when each message becomes visible again. Ends at `deadline` at the latest. Where the change is not
    /// confirmed, the visibility timeout of the receive applies: the message returns sooner or later than intended, but
    /// it is not lost, so this does not fail.
    ///
    /// # Returns
    /// How many changes SQS did not confirm.
    pub async fn change_visibility(&self, changes: Vec<VisibilityChange>, deadline: Instant) -> usize {
        let mut unconfirmed = changes.len();
        let batches = batches(changes, |_| 0);
        let calls = batches.into_iter().map(|batch| self.change_batch(batch));
        let mut calls = stream::iter(calls).buffer_unordered(VISIBILITY_CALLS_IN_FLIGHT);
        while let Ok(Some(confirmed)) = tokio::time::timeout_at(deadline, calls.next()).await {
            unconfirmed -= confirmed;
        }
        unconfirmed
    }

    /// # Returns
    /// How many changes SQS confirmed.
    async fn change_batch(&self, changes: Vec<VisibilityChange>) -> usize {
        let result = batch_result::call(
            changes,
            RetryPolicy::attempts(VISIBILITY_ATTEMPTS),
            |id, change| {
                // Rounded up: a delay that the remote asked for is a minimum.
                let secs = change.delay.as_secs() + u64::from(change.delay.subsec_nanos() > 0);
                ChangeMessageVisibilityBatchRequestEntry::builder()
                    .id(id)
                    .receipt_handle(&change.receipt_handle)
                    .visibility_timeout(i32::try_from(secs).ok()?)
                    .build()
                    .ok()
            },
            |entries| {
                let call = self.client.change_message_visibility_batch();
                let call = call.queue_url(&self.url).set_entries(Some(entries)).send();
                call.map_ok(|output| {
                    let successful = output.successful.into_iter().map(|entry| entry.id);
                    Answer::new(successful, output.failed)
                })
            },
        );
        result.await.succeeded.len()
    }
}

/// `fetch-customers` has several batches on their way at once, as tasks.
const _: fn(&Queue) = |queue| {
    fn assert_send(_: impl Send) {}
    let entry = |body: &String| SendMessageBatchRequestEntry::builder().message_body(body);
    assert_send(queue.send(Vec::new(), RetryPolicy::attempts(1), entry));
};

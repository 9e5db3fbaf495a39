//! The two queues.

use std::{collections::HashSet, error::Error, time::Duration};

use aws_sdk_sqs::{
    Client,
    types::{
        BatchResultErrorEntry, DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName,
        SendMessageBatchRequestEntry,
    },
};
use shared::sqs::{self, Returned};
use tokio::time::Instant;

use crate::dead_letter::DeadLetter;

/// The most messages of one receive (`ReceiveMessage`, Amazon SQS API reference).
const RECEIVED: i32 = 10;

/// The most entries of one call (`SendMessageBatch`, `DeleteMessageBatch`, same source).
const BATCH_ENTRIES: usize = 10;

/// The most bytes of all bodies of one call (`SendMessageBatch`, same source).
const BATCH_BYTES: usize = 1_048_576;

/// How often an entry of a delete is sent that SQS failed to take for reasons of its own.
const DELETE_ATTEMPTS: usize = 2;

/// A dead letter in hand.
#[derive(Debug)]
pub struct ReceivedLetter {
    /// What it says of itself.
    pub letter: DeadLetter,
    /// SQS's handle of this receive.
    pub receipt_handle: String,
    /// The message as it was on the customer queue.
    pub body: String,
}

/// What SQS said of a batch.
#[derive(Debug)]
pub struct BatchResult {
    /// Done, by SQS's own word.
    pub succeeded: Vec<ReceivedLetter>,
    /// Not known to be done.
    pub failed: Vec<ReceivedLetter>,
    /// The call failed, after all attempts of the SDK.
    pub failure: Option<QueueError>,
}

impl BatchResult {
    /// The entries' ids are their places in the batch. One that the answer does not name is not confirmed.
    fn by(batch: Vec<ReceivedLetter>, succeeded: &HashSet<String>) -> Self {
        let all = batch.into_iter().enumerate();
        let (succeeded, failed): (Vec<_>, Vec<_>) =
            all.partition(|(at, _)| succeeded.contains(&at.to_string()));
        let received =
            |of: Vec<(usize, ReceivedLetter)>| of.into_iter().map(|(_, received)| received).collect();
        Self {
            succeeded: received(succeeded),
            failed: received(failed),
            failure: None,
        }
    }

    fn nothing(batch: Vec<ReceivedLetter>, failure: QueueError) -> Self {
        Self {
            succeeded: Vec::new(),
            failed: batch,
            failure: Some(failure),
        }
    }
}

/// A call failed, after all attempts of the SDK.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// SQS hides no more messages (of about 120,000) until some are deleted or visible again.
    #[error("as many messages as SQS allows are in flight")]
    OverLimit,
    /// The dead-letter queue cannot be read.
    #[error("the dead-letter queue cannot be read: {0}")]
    Receive(String),
    /// The customer queue takes nothing.
    #[error("the customer queue takes no messages: {0}")]
    Put(String),
    /// Nothing can be taken out of the dead-letter queue.
    #[error("dead letters cannot be deleted: {0}")]
    Delete(String),
}

/// Where the dead letters lie, and where they go back to.
pub struct Queues {
    sqs: Client,
    dead_letters: String,
    customers: String,
}

impl Queues {
    /// Sets up, with the URLs of the two; calls nothing yet.
    #[must_use]
    pub const fn new(sqs: Client, dead_letters: String, customers: String) -> Self {
        Self {
            sqs,
            dead_letters,
            customers,
        }
    }

    /// Receives some dead letters, and hides them for a while. Waits for `wait_secs` where there is none: a receive
    /// that does not wait asks only some of SQS's servers (Amazon SQS Developer Guide, "Short and long polling").
    ///
    /// # Errors
    /// The call failed.
    pub async fn receive(&self, wait_secs: i32, hidden_for: Duration) -> Result<Vec<Message>, QueueError> {
        let hidden_for = i32::try_from(hidden_for.as_secs()).unwrap_or(i32::MAX);
        let call = self.sqs.receive_message().queue_url(&self.dead_letters);
        let call = call
            .max_number_of_messages(RECEIVED)
            .wait_time_seconds(wait_secs)
            .visibility_timeout(hidden_for)
            .message_system_attribute_names(MessageSystemAttributeName::SentTimestamp)
            .message_attribute_names("reason")
            .message_attribute_names("detail");
        let answer = call.send().await.map_err(|error| {
            let over_limit = error
                .as_service_error()
                .is_some_and(|error| error.is_over_limit());
            if over_limit {
                QueueError::OverLimit
            } else {
                QueueError::Receive(why(&error))
            }
        })?;
        Ok(answer.messages.unwrap_or_default())
    }

    /// Puts copies on the customer queue: the bodies byte for byte, and nothing else.
    pub async fn put(&self, batch: Vec<ReceivedLetter>) -> BatchResult {
        let entries = batch.iter().enumerate().filter_map(|(at, received)| {
            let entry = SendMessageBatchRequestEntry::builder().id(at.to_string());
            entry.message_body(&received.body).build().ok()
        });
        let call = self.sqs.send_message_batch().queue_url(&self.customers);
        match call.set_entries(Some(entries.collect())).send().await {
            Ok(answer) => {
                log_failed(
                    &batch,
                    &answer.failed,
                    "SQS did not take a dead letter's copy: it stays where it is",
                );
                let succeeded = answer.successful.into_iter().map(|entry| entry.id);
                BatchResult::by(batch, &succeeded.collect())
            }
            Err(error) => BatchResult::nothing(batch, QueueError::Put(why(&error))),
        }
    }

    /// Deletes dead letters.
    pub async fn delete(&self, batch: Vec<ReceivedLetter>) -> BatchResult {
        let entries = batch.iter().enumerate().filter_map(|(at, received)| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(at.to_string());
            entry.receipt_handle(&received.receipt_handle).build().ok()
        });
        let mut left: Vec<_> = entries.collect();
        let mut succeeded = HashSet::new();
        for attempt in 1.. {
            let call = self.sqs.delete_message_batch().queue_url(&self.dead_letters);
            let answer = match call.set_entries(Some(left.clone())).send().await {
                Ok(answer) => answer,
                Err(error) => {
                    let failure = QueueError::Delete(why(&error));
                    return BatchResult {
                        failure: Some(failure),
                        ..BatchResult::by(batch, &succeeded)
                    };
                }
            };
            succeeded.extend(answer.successful.into_iter().map(|entry| entry.id));
            let failed = |id: &str| answer.failed.iter().find(|failed| failed.id == id);
            left.retain(|entry| failed(&entry.id).is_some_and(|failed| !failed.sender_fault));
            if left.is_empty() || attempt >= DELETE_ATTEMPTS {
                log_failed(
                    &batch,
                    &answer.failed,
                    "SQS did not delete a dead letter: it stays where it is",
                );
                break;
            }
        }
        BatchResult::by(batch, &succeeded)
    }

    /// Makes dead letters visible again.
    ///
    /// # Returns
    /// How many are not known to be: those are when the time ends that they were received for.
    pub async fn show(&self, receipt_handles: HashSet<String>, until: Instant) -> usize {
        let returned: Vec<Returned> = receipt_handles
            .into_iter()
            .map(|receipt_handle| Returned {
                receipt_handle,
                delay: Duration::ZERO,
            })
            .collect();
        sqs::set(&self.sqs, &self.dead_letters, &returned, until).await
    }
}

/// What is said of an error, without the answer that it was made of: that may hold messages.
fn why(error: &dyn Error) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    let mut texts: Vec<String> = causes.map(ToString::to_string).collect();
    // The SDK's errors often say the same as what they wrap.
    texts.dedup();
    texts.join(": ").trim_end_matches('.').to_owned()
}

/// Parts a list of dead letters, in its order, into batches that one call takes.
#[must_use]
pub fn batches(all: Vec<ReceivedLetter>) -> Vec<Vec<ReceivedLetter>> {
    let mut batches: Vec<Vec<ReceivedLetter>> = Vec::new();
    let mut bytes = 0;
    for received in all {
        bytes += received.body.len();
        match batches.last_mut() {
            Some(batch) if bytes <= BATCH_BYTES && batch.len() < BATCH_ENTRIES => batch.push(received),
            Some(_) | None => {
                bytes = received.body.len();
                batches.push(vec![received]);
            }
        }
    }
    batches
}

fn log_failed(batch: &[ReceivedLetter], failed: &[BatchResultErrorEntry], message: &'static str) {
    for entry in failed {
        let received = entry.id.parse().ok().and_then(|at: usize| batch.get(at));
        tracing::warn!(
            message_id = received.map(|received| &received.letter.message_id),
            reason = entry.code,
            "{message}"
        );
    }
}

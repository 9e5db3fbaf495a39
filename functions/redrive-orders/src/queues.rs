//! The two queues.

use std::{collections::HashSet, error::Error, time::Duration};

use aws_sdk_sqs::{
    Client,
    types::{
        BatchResultErrorEntry, DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName,
        SendMessageBatchRequestEntry,
    },
};
use shared::visibility::{self, Returned};
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
pub struct InHand {
    /// What it says of itself.
    pub letter: DeadLetter,
    /// SQS's handle of this receive.
    pub receipt_handle: String,
    /// The message as it was on the customer queue.
    pub body: String,
}

/// What SQS said of a batch.
#[derive(Debug)]
pub struct Answered {
    /// Done, by SQS's own word.
    pub confirmed: Vec<InHand>,
    /// Not known to be done.
    pub unconfirmed: Vec<InHand>,
    /// The call failed, after all attempts of the SDK.
    pub failure: Option<QueueError>,
}

impl Answered {
    /// The entries' ids are their places in the batch. One that the answer does not name is not confirmed.
    fn by(batch: Vec<InHand>, confirmed: &HashSet<String>) -> Self {
        let all = batch.into_iter().enumerate();
        let (confirmed, unconfirmed): (Vec<_>, Vec<_>) =
            all.partition(|(at, _)| confirmed.contains(&at.to_string()));
        let in_hand = |of: Vec<(usize, InHand)>| of.into_iter().map(|(_, in_hand)| in_hand).collect();
        Self {
            confirmed: in_hand(confirmed),
            unconfirmed: in_hand(unconfirmed),
            failure: None,
        }
    }

    fn nothing(batch: Vec<InHand>, failure: QueueError) -> Self {
        Self {
            confirmed: Vec::new(),
            unconfirmed: batch,
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
    pub async fn put(&self, batch: Vec<InHand>) -> Answered {
        let entries = batch.iter().enumerate().filter_map(|(at, in_hand)| {
            let entry = SendMessageBatchRequestEntry::builder().id(at.to_string());
            entry.message_body(&in_hand.body).build().ok()
        });
        let call = self.sqs.send_message_batch().queue_url(&self.customers);
        match call.set_entries(Some(entries.collect())).send().await {
            Ok(answer) => {
                log_failed(
                    &batch,
                    &answer.failed,
                    "SQS did not take a dead letter's copy: it stays where it is",
                );
                let confirmed = answer.successful.into_iter().map(|entry| entry.id);
                Answered::by(batch, &confirmed.collect())
            }
            Err(error) => Answered::nothing(batch, QueueError::Put(why(&error))),
        }
    }

    /// Deletes dead letters.
    pub async fn delete(&self, batch: Vec<InHand>) -> Answered {
        let entries = batch.iter().enumerate().filter_map(|(at, in_hand)| {
            let entry = DeleteMessageBatchRequestEntry::builder().id(at.to_string());
            entry.receipt_handle(&in_hand.receipt_handle).build().ok()
        });
        let mut left: Vec<_> = entries.collect();
        let mut confirmed = HashSet::new();
        for attempt in 1.. {
            let call = self.sqs.delete_message_batch().queue_url(&self.dead_letters);
            let answer = match call.set_entries(Some(left.clone())).send().await {
                Ok(answer) => answer,
                Err(error) => {
                    let failure = QueueError::Delete(why(&error));
                    return Answered {
                        failure: Some(failure),
                        ..Answered::by(batch, &confirmed)
                    };
                }
            };
            confirmed.extend(answer.successful.into_iter().map(|entry| entry.id));
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
        Answered::by(batch, &confirmed)
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
        visibility::set(&self.sqs, &self.dead_letters, &returned, until).await
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
pub fn batches(all: Vec<InHand>) -> Vec<Vec<InHand>> {
    let mut batches: Vec<Vec<InHand>> = Vec::new();
    let mut bytes = 0;
    for in_hand in all {
        bytes += in_hand.body.len();
        match batches.last_mut() {
            Some(batch) if bytes <= BATCH_BYTES && batch.len() < BATCH_ENTRIES => batch.push(in_hand),
            Some(_) | None => {
                bytes = in_hand.body.len();
                batches.push(vec![in_hand]);
            }
        }
    }
    batches
}

fn log_failed(batch: &[InHand], failed: &[BatchResultErrorEntry], message: &'static str) {
    for entry in failed {
        let in_hand = entry.id.parse().ok().and_then(|at: usize| batch.get(at));
        tracing::warn!(
            message_id = in_hand.map(|in_hand| &in_hand.letter.message_id),
            reason = entry.code,
            "{message}"
        );
    }
}

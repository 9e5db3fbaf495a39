//! The two queues.

use std::{collections::HashSet, time::Duration};

use aws_sdk_sqs::{
    Client,
    types::{Message, MessageSystemAttributeName, SendMessageBatchRequestEntry},
};
use shared::{
    aws::{describe, describe_without_message},
    sqs::{BatchResult, Queue, RetryPolicy, VisibilityChange},
};
use tokio::time::Instant;

use crate::dead_letter::ReceivedLetter;

/// The most messages of one receive (`ReceiveMessage`, Amazon SQS API reference).
const MAX_RECEIVED: i32 = 10;

/// How often a copy is sent. A copy that failed leaves a dead letter, which the next invocation redrives.
const COPY_ATTEMPTS: u32 = 1;

/// How often a delete is sent. After a copy, a dead letter that is not deleted is redriven a second time.
const DELETE_ATTEMPTS: u32 = 2;

/// The reads and writes of SQS that end a sweep.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// SQS hides no more messages (of about 120,000) until some are deleted or visible again.
    #[error("no more messages of the dead-letter queue can be in flight")]
    OverLimit,
    /// The call failed, retries of the SDK included.
    #[error("the dead-letter queue cannot be read: {0}")]
    Receive(String),
    /// An answer that breaks the API of SQS.
    #[error("the dead-letter queue cannot be read: SQS sent a message without id, receipt handle or body")]
    IncompleteMessage,
    /// The call failed, retries of the SDK included.
    #[error("dead letters cannot be sent to the customer queue: {0}")]
    Copy(String),
    /// The call failed, retries of the SDK included.
    #[error("dead letters cannot be deleted: {0}")]
    Delete(String),
}

/// The queue of the dead letters, and the queue that they go back to.
pub struct Queues {
    dead_letters: Queue,
    customers: Queue,
}

impl Queues {
    pub fn new(client: Client, dead_letters: String, customers: String) -> Self {
        Self {
            dead_letters: Queue {
                client: client.clone(),
                url: dead_letters,
            },
            customers: Queue {
                client,
                url: customers,
            },
        }
    }

    /// Receives up to ten dead letters, and hides them for `hidden_for`. Waits up to `wait_secs` for one: a receive
    /// that does not wait asks only some of SQS's servers (Amazon SQS Developer Guide, "Short and long polling").
    ///
    /// # Errors
    /// The call failed.
    pub async fn receive(&self, wait_secs: i32, hidden_for: Duration) -> Result<Vec<Message>, QueueError> {
        let hidden_for = i32::try_from(hidden_for.as_secs()).unwrap_or(i32::MAX);
        let Queue { client, url } = &self.dead_letters;
        let call = client
            .receive_message()
            .queue_url(url)
            .max_number_of_messages(MAX_RECEIVED)
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
                QueueError::Receive(describe(&error))
            }
        })?;
        Ok(answer.messages.unwrap_or_default())
    }

    /// Sends copies to the customer queue: the bodies byte for byte, without attributes.
    pub async fn copy(&self, batch: Vec<ReceivedLetter>) -> BatchResult<ReceivedLetter, QueueError> {
        let retry = RetryPolicy::attempts(COPY_ATTEMPTS);
        let entry =
            |received: &ReceivedLetter| SendMessageBatchRequestEntry::builder().message_body(&received.body);
        let result = self.customers.send(batch, retry, entry).await;
        result.map_call_error(|error| QueueError::Copy(describe_without_message(&error)))
    }

    pub async fn delete(&self, batch: Vec<ReceivedLetter>) -> BatchResult<ReceivedLetter, QueueError> {
        let retry = RetryPolicy::attempts(DELETE_ATTEMPTS);
        let delete = self
            .dead_letters
            .delete(batch, retry, |received| &received.receipt_handle);
        let result = delete.await;
        result.map_call_error(|error| QueueError::Delete(describe(&error)))
    }

    /// Makes dead letters visible again.
    ///
    /// # Returns
    /// How many are not confirmed: they become visible when the time ends for which they were received.
    pub async fn make_visible(&self, receipt_handles: HashSet<String>, deadline: Instant) -> usize {
        let change = |receipt_handle| VisibilityChange {
            receipt_handle,
            delay: Duration::ZERO,
        };
        let changes = receipt_handles.into_iter().map(change).collect();
        self.dead_letters.change_visibility(changes, deadline).await
    }
}

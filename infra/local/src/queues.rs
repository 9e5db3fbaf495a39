//! The contents of the deployed queues.

use std::collections::HashMap;

use aws_sdk_sqs::types::{Message, QueueAttributeName};

use crate::error::Error;
use crate::stack::LocalDeployment;

/// Long enough to read a queue to its end before the first message is visible again.
const READING_SECS: i32 = 120;

/// How many messages a queue holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Ready to be received.
    pub visible: u64,
    /// Received, or waiting for their next attempt.
    pub in_flight: u64,
}

impl Depth {
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }

    pub fn total(self) -> u64 {
        self.visible + self.in_flight
    }
}

/// A message of the dead-letter queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The message as it was on the customer queue.
    pub body: String,
    /// The attributes that `submit-orders` or `fetch-customers` set; empty if the redrive policy moved it.
    pub attributes: HashMap<String, String>,
    receipt: String,
}

impl DeadLetter {
    /// `None` if the redrive policy moved it.
    pub fn reason(&self) -> Option<&str> {
        self.attributes.get("reason").map(String::as_str)
    }

    pub fn detail(&self) -> Option<&str> {
        self.attributes.get("detail").map(String::as_str)
    }

    #[cfg(test)]
    pub(crate) fn with_reason(body: String, reason: &str) -> Self {
        Self {
            body,
            attributes: [("reason".to_owned(), reason.to_owned())].into(),
            receipt: String::new(),
        }
    }
}

impl From<Message> for DeadLetter {
    fn from(message: Message) -> Self {
        let attributes = message.message_attributes.unwrap_or_default().into_iter();
        Self {
            body: message.body.unwrap_or_default(),
            attributes: attributes
                .filter_map(|(name, attribute)| Some((name, attribute.string_value?)))
                .collect(),
            receipt: message.receipt_handle.unwrap_or_default(),
        }
    }
}

impl LocalDeployment {
    /// How many messages are on the queue whose URL is the output `queue` of the stack.
    ///
    /// # Errors
    /// There is no such output, or the call failed.
    pub async fn depth(&self, queue: &'static str) -> Result<Depth, Error> {
        use QueueAttributeName::{
            ApproximateNumberOfMessages, ApproximateNumberOfMessagesDelayed,
            ApproximateNumberOfMessagesNotVisible,
        };
        let answer = self
            .sqs
            .get_queue_attributes()
            .queue_url(self.output(queue)?)
            .attribute_names(ApproximateNumberOfMessages)
            .attribute_names(ApproximateNumberOfMessagesNotVisible)
            .attribute_names(ApproximateNumberOfMessagesDelayed)
            .send()
            .await
            .map_err(Error::aws(format!("GetQueueAttributes of {queue}")))?;
        let attributes = answer.attributes.unwrap_or_default();
        let number = |name| {
            attributes
                .get(&name)
                .and_then(|number| number.parse().ok())
                .unwrap_or(0)
        };
        Ok(Depth {
            visible: number(ApproximateNumberOfMessages),
            in_flight: number(ApproximateNumberOfMessagesNotVisible)
                + number(ApproximateNumberOfMessagesDelayed),
        })
    }

    /// Reads the dead-letter queue to its end. The messages stay there, and are visible again.
    ///
    /// # Errors
    /// A call failed.
    pub async fn dead_letters(&self) -> Result<Vec<DeadLetter>, Error> {
        let letters = self.receive_all("DeadLetterQueueUrl").await?;
        let url = self.output("DeadLetterQueueUrl")?;
        for letter in &letters {
            let made_visible = self
                .sqs
                .change_message_visibility()
                .queue_url(url)
                .receipt_handle(&letter.receipt);
            let made_visible = made_visible.visibility_timeout(0).send().await;
            made_visible.map_err(Error::aws("ChangeMessageVisibility of DeadLetterQueueUrl"))?;
        }
        Ok(letters)
    }

    /// Reads the dead-letter queue to its end, and deletes all messages.
    ///
    /// # Errors
    /// A call failed.
    pub async fn take_dead_letters(&self) -> Result<Vec<DeadLetter>, Error> {
        let letters = self.receive_all("DeadLetterQueueUrl").await?;
        let url = self.output("DeadLetterQueueUrl")?;
        for letter in &letters {
            let deleted = self
                .sqs
                .delete_message()
                .queue_url(url)
                .receipt_handle(&letter.receipt)
                .send()
                .await;
            deleted.map_err(Error::aws("DeleteMessage of DeadLetterQueueUrl"))?;
        }
        Ok(letters)
    }

    /// Reads the queue of failed runs to its end.
    pub(crate) async fn failed_runs(&self) -> Result<Vec<String>, Error> {
        let messages = self.receive_all("FailedRunsQueueUrl").await?;
        Ok(messages.into_iter().map(|message| message.body).collect())
    }

    async fn receive_all(&self, queue: &'static str) -> Result<Vec<DeadLetter>, Error> {
        let url = self.output(queue)?;
        let mut all = Vec::new();
        loop {
            let received = self
                .sqs
                .receive_message()
                .queue_url(url)
                .max_number_of_messages(10)
                .visibility_timeout(READING_SECS)
                .message_attribute_names("All")
                .send()
                .await
                .map_err(Error::aws(format!("ReceiveMessage of {queue}")))?;
            let messages = received.messages.unwrap_or_default();
            if messages.is_empty() {
                return Ok(all);
            }
            all.extend(messages.into_iter().map(DeadLetter::from));
        }
    }
}

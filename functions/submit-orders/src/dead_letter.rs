//! The dead-letter queue, for messages that this function itself puts there, with the reason.

use aws_sdk_sqs::{
    Client,
    error::{DisplayErrorContext, SdkError},
    operation::send_message::SendMessageError,
    types::MessageAttributeValue,
};
use tokio::time::Instant;

use crate::{destination::problem::one_line, verdict::Rejection};
use shared::domain::order_context::OrderContext;

/// The dead-letter queue.
pub struct DeadLetterQueue {
    sqs: Client,
    url: String,
}

/// SQS did not confirm the copy: the message must stay on its queue.
#[derive(Debug, thiserror::Error)]
pub enum DeadLetterError {
    /// SQS, or the way to it, said no.
    #[error("{}", DisplayErrorContext(.0))]
    Sqs(#[from] Box<SdkError<SendMessageError>>),
    /// Nothing was said before the function's time was up.
    #[error("no answer from SQS in time")]
    TimedOut,
}

impl DeadLetterQueue {
    /// Sets up; calls nothing yet.
    #[must_use]
    pub const fn new(sqs: Client, url: String) -> Self {
        Self { sqs, url }
    }

    /// Puts a copy of the message there: the body byte for byte, the reason in attributes.
    ///
    /// # Errors
    /// The copy is not confirmed.
    pub async fn put(
        &self,
        body: &str,
        about: &OrderContext,
        rejection: &Rejection,
        until: Instant,
    ) -> Result<(), DeadLetterError> {
        let attributes = [
            ("reason", Some(rejection.reason.as_str().to_owned())),
            ("detail", Some(one_line(&rejection.detail))),
            (
                "http_status",
                rejection.http_status.map(|status| status.as_str().to_owned()),
            ),
            ("order_id", about.order_id.as_ref().map(ToString::to_string)),
        ];
        let attributes = attributes.into_iter().filter_map(|(name, value)| {
            let value = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(value?);
            Some((name.to_owned(), value.build().ok()?))
        });
        let request = self
            .sqs
            .send_message()
            .queue_url(&self.url)
            .message_body(body)
            .set_message_attributes(Some(attributes.collect()));
        tokio::time::timeout_at(until, request.send())
            .await
            .map_err(|_| DeadLetterError::TimedOut)?
            .map_err(|error| DeadLetterError::Sqs(Box::new(error)))?;
        Ok(())
    }
}

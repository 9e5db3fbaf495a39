//! The two queues that a verdict is carried out on: the messages' own, and the DeadLetterQueue.

use aws_sdk_sqs::{
    Client, error::SdkError, operation::send_message::SendMessageError, types::MessageAttributeValue,
};
use shared::{
    aws::describe_without_message,
    domain::order_context::OrderContext,
    sqs::{Queue, VisibilityChange},
    text::one_line,
};
use tokio::time::Instant;

use crate::verdict::Rejection;

/// The CustomerQueue, as the consumer of its messages needs it.
pub(crate) struct SourceQueue(Queue);

impl SourceQueue {
    pub(crate) const fn new(client: Client, url: String) -> Self {
        Self(Queue { client, url })
    }

    /// Sets when each message is visible again. Where the change is not confirmed, the queue's own visibility timeout
    /// applies: the message returns sooner or later than intended, but it is not lost, so this does not fail.
    pub(crate) async fn change_visibility(&self, changes: Vec<VisibilityChange>, deadline: Instant) {
        let unconfirmed = self.0.change_visibility(changes, deadline).await;
        if unconfirmed > 0 {
            tracing::warn!(
                event = "visibility_not_changed",
                messages = unconfirmed,
                "SQS did not confirm the visibility of some messages: the queue's own visibility timeout applies"
            );
        }
    }
}

/// The DeadLetterQueue, for the messages that this function rejects.
pub(crate) struct DeadLetterQueue {
    sqs: Client,
    url: String,
}

/// SQS did not confirm the dead letter: the message must stay on its queue.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeadLetterError {
    #[error("{}", describe_without_message(.0))]
    Sqs(#[from] Box<SdkError<SendMessageError>>),
    #[error("SQS did not answer in time")]
    TimedOut,
}

impl DeadLetterQueue {
    pub(crate) const fn new(sqs: Client, url: String) -> Self {
        Self { sqs, url }
    }

    /// Sends a copy of the message: the body byte for byte, the rejection in attributes.
    ///
    /// # Errors
    /// The copy is not confirmed before `deadline`.
    pub(crate) async fn send(
        &self,
        body: &str,
        context: &OrderContext,
        rejection: &Rejection,
        deadline: Instant,
    ) -> Result<(), DeadLetterError> {
        let attributes = [
            ("reason", Some(rejection.reason.as_str().to_owned())),
            (
                "detail",
                Some(one_line(rejection.quote.as_ref().unwrap_or(&rejection.detail))),
            ),
            (
                "http_status",
                rejection.http_status.map(|status| status.as_str().to_owned()),
            ),
            ("order_id", context.order_id.as_ref().map(ToString::to_string)),
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
        tokio::time::timeout_at(deadline, request.send())
            .await
            .map_err(|_| DeadLetterError::TimedOut)?
            .map_err(|error| DeadLetterError::Sqs(Box::new(error)))?;
        Ok(())
    }
}

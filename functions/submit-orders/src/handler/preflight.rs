//! Whether an invocation is a batch of messages or a preflight check.

use serde::Serialize;
use serde_json::value::RawValue;
use shared::{
    lambda::invocation::{ANSWER_MARGIN, Invocation, minus_margin},
    preflight::{Preflight, is_requested},
};
use tokio::time::Instant;

use super::{Handler, HandlerError, event::BatchResponse};

/// The answer of an invocation.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    Batch(BatchResponse),
    Check(Preflight),
}

impl Handler {
    /// Does what the input asks for. What is not an SQS event may be a preflight check, which posts nothing and
    /// publishes no metrics.
    ///
    /// # Errors
    /// [`HandlerError`]: the invocation fails. A check that finds a problem does not fail.
    pub async fn answer(&self, input: &RawValue, invocation: Invocation<'_>) -> Result<Answer, HandlerError> {
        match self.handle(input, invocation).await {
            Err(HandlerError::NotAnSqsEvent) if is_requested(input)? => {}
            handled => return handled.map(Answer::Batch),
        }
        let started = Instant::now();
        let deadline = minus_margin(invocation.deadline, ANSWER_MARGIN);
        // In a box, since it is rare: the future of a batch need not have room for it.
        let steps = Box::pin(self.submission.destination().check(deadline)).await;
        Ok(Answer::Check(Preflight::new(steps, started, invocation)))
    }
}

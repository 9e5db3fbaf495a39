//! Whether an invocation is a run or a preflight check.

use serde::Serialize;
use serde_json::value::RawValue;
use shared::{
    lambda::invocation::{ANSWER_MARGIN, Invocation, minus_margin},
    preflight::{Preflight, is_requested},
};
use tokio::time::Instant;

use super::Handler;
use crate::{error::HandlerError, run::Summary};

/// The answer of an invocation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Answer {
    Run(Summary),
    Check(Preflight),
}

impl Handler {
    /// Does what the input asks for: a run, or a preflight check, which enqueues nothing and publishes no metrics.
    ///
    /// # Errors
    /// [`HandlerError`]: the invocation fails. A check that finds a problem does not fail.
    pub async fn answer(&self, input: &RawValue, invocation: Invocation<'_>) -> Result<Answer, HandlerError> {
        if !is_requested(input)? {
            // In a box: with one more future around it, its type is too deep for the compiler.
            return Box::pin(self.handle(input, invocation)).await.map(Answer::Run);
        }
        let started = Instant::now();
        let deadline = minus_margin(invocation.deadline, ANSWER_MARGIN);
        let steps = self.source.check(deadline).await;
        Ok(Answer::Check(Preflight::new(steps, started, invocation)))
    }
}

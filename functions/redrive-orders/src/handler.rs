//! One invocation: a request is read, carried out, and answered.

use lambda_runtime::Diagnostic;
use serde_json::value::RawValue;
use shared::{
    clock::WallClock,
    lambda::invocation::{Invocation, diagnostic},
};
use tokio::time::Instant;

use crate::{
    limits::Bounds,
    queues::{QueueError, Queues},
    report::Summary,
    request::{InvalidRequest, Request},
    sweep::Sweep,
};

/// The function, set up.
pub struct Handler {
    /// Where the dead letters lie, and where they go back to.
    pub queues: Queues,
    /// How many dead letters are held at a time, hidden from others.
    pub max_held: usize,
    /// The time of day.
    pub wall_clock: WallClock,
}

/// The request was not carried out to its end.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// The input is no request. Nothing was done.
    #[error(transparent)]
    Input(#[from] InvalidRequest),
    /// A call failed. What had not been done by then is still a dead letter.
    #[error(
        "the {} ended early, with {} dead letters looked at, {} redriven and {} discarded: {why}. The others are where they \
         were; invoke it again when the cause is mended{}",
        .summary.action.as_str(), .summary.examined, .summary.redriven, .summary.discarded, notes(.summary)
    )]
    EndedEarly {
        /// As far as it came.
        summary: Box<Summary>,
        /// Why no further.
        #[source]
        why: QueueError,
    },
}

fn notes(summary: &Summary) -> String {
    let notes = summary.notes.iter();
    notes.map(|note| format!(". Note: {note}")).collect()
}

impl From<HandlerError> for Diagnostic {
    fn from(error: HandlerError) -> Self {
        let error_type = match error {
            HandlerError::Input(_) => "InvalidRequest",
            HandlerError::EndedEarly { .. } => "RedriveEndedEarly",
        };
        diagnostic(error_type, &error)
    }
}

impl Handler {
    /// Looks through the dead letters, and does with them what is asked for.
    ///
    /// # Errors
    /// [`HandlerError`]. What is not redriven or discarded is a dead letter as before; repeating is harmless.
    pub async fn handle(
        &self,
        input: &RawValue,
        invocation: Invocation<'_>,
    ) -> Result<Summary, HandlerError> {
        let request = Request::parse(input)?;
        let began = Instant::now();
        let bounds = Bounds::new(invocation.deadline, (self.wall_clock)(), self.max_held);
        let swept = Sweep::new(&self.queues, &request, bounds).run().await;
        let elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let summary = Summary::new(&request, &swept, elapsed_ms);
        let failure = swept.failure;
        log(&summary, failure.as_ref(), invocation);
        match failure {
            None => Ok(summary),
            Some(why) => Err(HandlerError::EndedEarly {
                summary: Box::new(summary),
                why,
            }),
        }
    }
}

/// The invocation's one line in the log.
fn log(summary: &Summary, why: Option<&QueueError>, invocation: Invocation<'_>) {
    macro_rules! line {
        ($level:ident, $message:literal) => {
            tracing::$level!(
                request_id = invocation.request_id,
                xray_trace_id = invocation.trace_id(),
                action = summary.action.as_str(),
                dry_run = summary.dry_run,
                examined = summary.examined,
                matched = summary.matched,
                redriven = summary.redriven,
                discarded = summary.discarded,
                left = summary.left,
                failed = summary.failed,
                undeleted = summary.undeleted,
                hidden = summary.hidden,
                complete = summary.complete,
                elapsed_ms = summary.elapsed_ms,
                reason = why.map(tracing::field::display),
                $message
            )
        };
    }
    if why.is_some() {
        line!(error, "redrive ended early")
    } else {
        line!(info, "redrive ended")
    }
}

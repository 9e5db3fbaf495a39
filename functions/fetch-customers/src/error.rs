//! Why a run did not complete.

use lambda_runtime::Diagnostic;
use shared::{lambda::invocation::diagnostic, preflight::InvalidCheckInput};

use crate::{
    continuation::ContinuationError,
    run::{InvalidRunInput, Summary},
    sender::outcome::SendError,
    source::error::SourceError,
};

/// The run did not complete.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// Nothing was done.
    #[error(transparent)]
    Input(#[from] InvalidRunInput),
    /// Nothing was checked.
    #[error(transparent)]
    CheckInput(#[from] InvalidCheckInput),
    #[error(
        "the run of {} ended early, with {} customers enqueued: {cause}. Run it again with the same order_date: no \
         order is created twice",
        .summary.order_date, .summary.progress.enqueued
    )]
    EndedEarly {
        /// The run until its end.
        summary: Box<Summary>,
        #[source]
        cause: RunError,
    },
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The source could not be read to its end.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A queue did not accept messages.
    #[error(transparent)]
    Send(#[from] SendError),
    /// There is more to read than this invocation has time for, and no other invocation continues.
    #[error(transparent)]
    Continuation(#[from] ContinuationError),
}

impl From<HandlerError> for Diagnostic {
    fn from(error: HandlerError) -> Self {
        let error_type = match error {
            HandlerError::Input(_) => "InvalidRunInput",
            HandlerError::CheckInput(_) => "InvalidCheckInput",
            HandlerError::EndedEarly { .. } => "RunEndedEarly",
        };
        diagnostic(error_type, &error)
    }
}

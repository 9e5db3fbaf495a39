//! A run that takes longer than one invocation goes on in another one.

use aws_sdk_lambda::{Client, error::DisplayErrorContext, primitives::Blob, types::InvocationType};

use crate::run::{Remainder, Run, Summary};

/// How many invocations a run may take beyond the first: a day of runs of 15 minutes, the longest that Lambda
/// allows. Lambda's own guard against endless loops would stop a run after about 16 (AWS Lambda Developer Guide,
/// "Recursive loop detection"), so `template.yaml` turns that one off for this function, and this is the bound.
pub const MAX_INVOCATIONS: u32 = 96;

/// The run cannot go on in another invocation.
#[derive(Debug, thiserror::Error)]
pub enum ContinuationError {
    /// It was handed on too often.
    #[error(
        "it took {MAX_INVOCATIONS} invocations already, and the source links to further pages: if it is that large, \
         run its rest with page_url, from page {page} on"
    )]
    TooManyInvocations {
        /// The page that would be next, counted from 1.
        page: u64,
    },
    /// Lambda did not take the hand-over.
    #[error("the function could not invoke itself, to go on with page {page}: {why}")]
    Call {
        /// The page that would be next, counted from 1.
        page: u64,
        /// What Lambda, or the way to it, said.
        why: String,
    },
}

/// Hands a run on: invokes `function`, this function itself, asynchronously with what is left of the run. All
/// that was read until here must be on the queue.
///
/// # Errors
/// Nobody goes on.
pub async fn continue_run(
    lambda: &Client,
    function: &str,
    run: &Run,
    rest: &Remainder,
    books: &Summary,
) -> Result<(), ContinuationError> {
    let page = books.pages + 1;
    if run.totals.invocations >= MAX_INVOCATIONS {
        return Err(ContinuationError::TooManyInvocations { page });
    }
    let call = lambda
        .invoke()
        .function_name(function)
        .invocation_type(InvocationType::Event)
        .payload(Blob::new(run.going_on(rest, books)));
    call.send().await.map_err(|error| ContinuationError::Call {
        page,
        why: DisplayErrorContext(error).to_string(),
    })?;
    Ok(())
}

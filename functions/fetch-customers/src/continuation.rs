//! A run that takes longer than one invocation continues in another one.

use aws_sdk_lambda::{Client, primitives::Blob, types::InvocationType};

use shared::aws::describe;

use crate::{
    dry_run::Findings,
    run::{Progress, Remainder, Run},
};

/// How many invocations a run may take beyond the first: a day of runs of 15 minutes, the longest that Lambda allows.
/// Lambda's own guard against endless loops would stop a run after about 16 (AWS Lambda Developer Guide, "Recursive loop
/// detection"), so `template.yaml` turns that one off for this function, and this is the limit.
pub const MAX_INVOCATIONS: u32 = 96;

/// The run cannot continue in another invocation. Pages are counted from 1.
#[derive(Debug, thiserror::Error)]
pub enum ContinuationError {
    #[error(
        "it took {MAX_INVOCATIONS} invocations already, and the source links to further pages: if it is that large, \
         run the rest with page_url, from page {page} on"
    )]
    TooManyInvocations {
        /// The page that would be next.
        page: u64,
    },
    #[error("the function could not invoke itself, to continue with page {page}: {reason}")]
    Invoke {
        /// The page that would be next.
        page: u64,
        reason: String,
    },
}

/// Invokes `function`, this function itself, asynchronously with the rest of the run. Everything that was read so far
/// must be enqueued.
///
/// # Errors
/// No invocation continues.
pub async fn continue_run(
    lambda: &Client,
    function: &str,
    run: &Run,
    remainder: &Remainder,
    progress: &Progress,
    findings: Option<&Findings>,
) -> Result<(), ContinuationError> {
    let page = progress.pages + 1;
    if run.totals.invocations >= MAX_INVOCATIONS {
        return Err(ContinuationError::TooManyInvocations { page });
    }
    let call = lambda
        .invoke()
        .function_name(function)
        .invocation_type(InvocationType::Event)
        .payload(Blob::new(run.continuation(remainder, progress, findings)));
    call.send().await.map_err(|error| ContinuationError::Invoke {
        page,
        reason: describe(&error),
    })?;
    Ok(())
}

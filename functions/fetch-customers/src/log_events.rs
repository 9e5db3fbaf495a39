//! The log lines of this function, but for those of a failed start.

use std::{collections::HashSet, time::Duration};

use shared::{
    clock::millis,
    domain::{customer_id::CustomerId, order_date::OrderDate, rejection_reason::Reason},
    lambda::invocation::Invocation,
    sqs::Retry,
};

use crate::{
    error::RunError,
    malformed::{Place, Unusable},
    run::{Run, Summary},
    sender::{
        message::{Entry, MAX_BODY_BYTES, RunContext},
        outcome::SendOutcome,
    },
    source::error::SourceError,
};

pub(crate) fn run_started(run: &Run) {
    tracing::debug!(
        event = "run_started",
        order_date = %run.order_date,
        customer_ids = run.customer_ids.as_ref().map(HashSet::len),
        limit = run.limit,
        dry_run = run.dry_run,
        invocations = run.totals.invocations,
        "run started"
    );
}

/// The one line of an invocation: the totals of the run so far.
pub(crate) fn run_ended(summary: &Summary, error: Option<&RunError>, invocation: Invocation<'_>) {
    let source = match error {
        Some(RunError::Source(error)) => Some(error),
        Some(RunError::Send(_) | RunError::Continuation(_)) | None => None,
    };
    macro_rules! line {
        ($level:ident, $event:literal, $message:literal) => {
            tracing::$level!(
                event = $event,
                request_id = invocation.request_id,
                xray_trace_id = invocation.trace_id(),
                order_date = %summary.order_date,
                pages = summary.progress.pages,
                fetched = summary.progress.fetched,
                enqueued = summary.progress.enqueued,
                skipped = summary.progress.skipped,
                rejected = summary.progress.rejected,
                repeated = summary.progress.repeated,
                dry_run = summary.dry_run,
                would_be_rejected = summary.findings.as_ref().map(|findings| findings.would_be_rejected),
                elapsed_ms = summary.progress.elapsed_ms,
                status = source.and_then(SourceError::status),
                error_code = source.and_then(SourceError::error_code),
                detail = error.map(tracing::field::display),
                $message
            )
        };
    }
    if error.is_some() {
        line!(error, "run_ended_early", "run ended early")
    } else if summary.continued {
        line!(info, "run_continued", "run continues in another invocation")
    } else {
        line!(info, "run_completed", "run completed")
    }
}

/// A customer that cannot become a message. One whose id could not be read has none.
pub(crate) fn customer_unusable(
    order_date: OrderDate,
    place: Place,
    customer_id: Option<&CustomerId>,
    why: Unusable,
) {
    let bytes = match why {
        Unusable::NotJson => None,
        Unusable::TooLarge { bytes } => Some(bytes),
    };
    tracing::error!(
        event = "customer_rejected",
        order_date = %order_date,
        page = place.page,
        index = place.index,
        byte = place.byte,
        customer_id = customer_id.map(tracing::field::display),
        reason = Reason::MalformedMessage.as_str(),
        bytes,
        max_bytes = bytes.map(|_| MAX_BODY_BYTES),
        "customer rejected: {why}"
    );
}

pub(crate) fn customer_rejected_by_sqs(context: &RunContext, entry: &Entry, error_code: &str) {
    tracing::error!(
        event = "customer_rejected",
        order_date = %context.order_date,
        index = entry.index,
        customer_id = entry.customer_id.as_ref().map(tracing::field::display),
        reason = "rejected_by_sqs",
        error_code,
        "customer rejected: SQS refused its message"
    );
}

pub(crate) fn messages_retried(context: &RunContext, retry: Retry<'_>) {
    tracing::warn!(
        event = "messages_retried",
        order_date = %context.order_date,
        messages = retry.entries,
        attempt = retry.attempt,
        error_code = retry.code,
        "SQS did not accept some messages, sending them again"
    );
}

pub(crate) fn batch_sent(context: &RunContext, messages: usize, outcome: &SendOutcome, elapsed: Duration) {
    tracing::debug!(
        event = "batch_sent",
        order_date = %context.order_date,
        messages,
        sent = outcome.sent,
        rejected = outcome.rejected,
        elapsed_ms = millis(elapsed),
        "batch sent"
    );
}

/// The page that is read again is not what it was before it broke off.
pub(crate) fn page_changed(order_date: OrderDate, page: u64) {
    tracing::warn!(
        event = "page_changed",
        order_date = %order_date,
        page,
        "source page has changed since it broke off, reading it from its beginning"
    );
}

pub(crate) fn page_started(order_date: OrderDate, page: u64, elapsed: Duration) {
    tracing::debug!(
        event = "page_started",
        order_date = %order_date,
        page,
        elapsed_ms = millis(elapsed),
        "page answered"
    );
}

pub(crate) fn page_read(order_date: OrderDate, page: u64, elapsed: Duration) {
    tracing::debug!(
        event = "page_read",
        order_date = %order_date,
        page,
        elapsed_ms = millis(elapsed),
        "page read"
    );
}

/// `error` is why there is no page yet, for the `failures`th time in a row.
pub(crate) fn page_retried(
    order_date: OrderDate,
    page: u64,
    failures: u32,
    delay: Duration,
    error: &SourceError,
) {
    tracing::warn!(
        event = "page_retried",
        order_date = %order_date,
        page,
        failures,
        delay_secs = delay.as_secs_f64(),
        status = error.status(),
        error_code = error.error_code(),
        detail = %error,
        "request for source page failed, retrying"
    );
}

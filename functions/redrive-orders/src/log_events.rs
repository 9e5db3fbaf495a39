//! The log events of an invocation, and of one dead letter. They name the order, never its data or the dead letter's
//! `detail`.

use shared::{
    lambda::invocation::Invocation,
    sqs::{EntryFailure, FailedEntry},
};

use crate::{
    dead_letter::{DeadLetter, ReceivedLetter},
    queues::QueueError,
    report::Summary,
};

macro_rules! log_letter {
    ($level:ident, $event:literal, $letter:expr, $($field:tt)*) => {
        tracing::$level!(
            event = $event,
            message_id = $letter.message_id,
            order_date = $letter.order_date.map(display),
            customer_id = $letter.customer_id.as_ref().map(display),
            order_id = $letter.order_id.as_ref().map(display),
            reason = $letter.reason.as_str(),
            $($field)*
        )
    };
}

pub(crate) fn log_left(letter: &DeadLetter) {
    log_letter!(debug, "dead_letter_left", letter, "dead letter left");
}

pub(crate) fn log_redriven(copied: &[ReceivedLetter]) {
    for ReceivedLetter { letter, .. } in copied {
        log_letter!(debug, "dead_letter_redriven", letter, "dead letter redriven");
    }
}

/// The audit trail of what is deleted for good; [`log_not_discarded`] corrects it.
pub(crate) fn log_discarded(batch: &[ReceivedLetter]) {
    for ReceivedLetter { letter, .. } in batch {
        log_letter!(info, "dead_letter_discarded", letter, "dead letter discarded");
    }
}

pub(crate) fn log_not_discarded(failed: &[ReceivedLetter]) {
    for ReceivedLetter { letter, .. } in failed {
        log_letter!(
            warn,
            "dead_letter_not_discarded",
            letter,
            "dead letter not discarded: SQS did not confirm that it is deleted"
        );
    }
}

/// A call that failed as a whole is logged once, by [`log_ended`].
pub(crate) fn log_copy_failed(failed: &[FailedEntry<ReceivedLetter>]) {
    for (letter, error_code) in failed_entries(failed) {
        log_letter!(
            warn,
            "dead_letter_copy_failed",
            letter,
            error_code,
            "dead letter not redriven: SQS did not accept its copy"
        );
    }
}

pub(crate) fn log_delete_failed(failed: &[FailedEntry<ReceivedLetter>]) {
    for (letter, error_code) in failed_entries(failed) {
        log_letter!(
            warn,
            "dead_letter_delete_failed",
            letter,
            error_code,
            "dead letter not deleted by SQS"
        );
    }
}

fn failed_entries(failed: &[FailedEntry<ReceivedLetter>]) -> impl Iterator<Item = (&DeadLetter, &str)> {
    let failed = failed.iter();
    let failed = failed.filter(|entry| entry.failure != EntryFailure::CallFailed);
    failed.map(|entry| (&entry.item.letter, entry.failure.code()))
}

/// The one log line of the invocation.
pub(crate) fn log_ended(summary: &Summary, failure: Option<&QueueError>, invocation: Invocation<'_>) {
    macro_rules! log {
        ($level:ident, $event:literal, $message:literal) => {
            tracing::$level!(
                event = $event,
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
                detail = failure.map(display),
                $message
            )
        };
    }
    if failure.is_some() {
        log!(error, "redrive_ended_early", "redrive ended early")
    } else {
        log!(info, "redrive_completed", "redrive completed")
    }
}

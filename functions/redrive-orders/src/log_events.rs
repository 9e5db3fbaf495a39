//! The log lines about one dead letter. They name the order, never what is in it.

use crate::{dead_letter::DeadLetter, queues::ReceivedLetter};

macro_rules! journal {
    ($level:ident, $letter:expr, $message:literal) => {
        tracing::$level!(
            message_id = $letter.message_id,
            order_date = $letter.order_date.map(tracing::field::display),
            customer_id = $letter.customer_id.as_ref().map(tracing::field::display),
            order_id = $letter.order_id.as_ref().map(tracing::field::display),
            reason = $letter.kind.as_str(),
            $message
        )
    };
}

pub(crate) fn log_left(letter: &DeadLetter) {
    journal!(debug, letter, "dead letter left");
}

pub(crate) fn log_redriven(copied: &[ReceivedLetter]) {
    for ReceivedLetter { letter, .. } in copied {
        journal!(debug, letter, "dead letter redriven");
    }
}

/// The audit's line.
pub(crate) fn log_discarded(batch: &[ReceivedLetter]) {
    for ReceivedLetter { letter, .. } in batch {
        journal!(info, letter, "dead letter discarded");
    }
}

/// Takes the audit's line back.
pub(crate) fn log_not_discarded(failed: &[ReceivedLetter]) {
    for ReceivedLetter { letter, .. } in failed {
        journal!(
            warn,
            letter,
            "dead letter not discarded: SQS has not confirmed that it is gone"
        );
    }
}

//! What becomes of a message, and what an answer's status says about it: the failure table, in one place.
//!
//! How long a retry waits is decided elsewhere, in [`shared::http::backoff`].

use std::time::Duration;

use http::StatusCode;
pub use shared::domain::rejection_reason::Reason;
use shared::{http::is_transient, http::retry_after::RetryAfter};

/// What becomes of one message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The order is in the destination: the message is done.
    Delivered {
        /// The order had been there before.
        duplicate: bool,
    },
    /// The order will never be taken: the message goes to the dead-letter queue, and is done.
    Rejected(Rejection),
    /// Not now: the message stays on the queue.
    Retry(Retry),
}

/// Why a message goes to the dead-letter queue, as its attributes say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Which rule of the contract.
    pub reason: Reason,
    /// One line for a person: the field and the rule, or the destination's own words.
    pub detail: String,
    /// The destination's status, where it answered.
    pub http_status: Option<StatusCode>,
}

/// Why a message stays on the queue, and for how long at least.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// Why.
    pub cause: Cause,
    /// One line for a person.
    pub detail: String,
    /// The status that an API answered, where one did.
    pub http_status: Option<StatusCode>,
    /// The wait that the remote, or a halt, asks for; zero where neither does.
    pub min_delay: Duration,
}

/// The kinds of retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Cause {
    /// An API is there, but cannot now.
    Transient,
    /// No answer.
    Unreachable,
    /// Something that a person must mend, and that is true of every order.
    Misconfigured,
    /// Not started, since this instance waits for the destination to recover.
    CircuitOpen,
    /// Not started, since the function's time is nearly up.
    OutOfTime,
    /// The rejected message could not be copied to the dead-letter queue.
    DeadLetterError,
    /// The code panicked.
    Panicked,
}

impl Cause {
    /// The name in the logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::Unreachable => "unreachable",
            Self::Misconfigured => "misconfigured",
            Self::CircuitOpen => "circuit_open",
            Self::OutOfTime => "out_of_time",
            Self::DeadLetterError => "not_copied",
            Self::Panicked => "panicked",
        }
    }

    /// Whether the order was not even tried.
    #[must_use]
    pub const fn is_unstarted(self) -> bool {
        match self {
            Self::CircuitOpen | Self::OutOfTime => true,
            Self::Transient
            | Self::Unreachable
            | Self::Misconfigured
            | Self::DeadLetterError
            | Self::Panicked => false,
        }
    }
}

/// What the status of an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseClass {
    /// The order is stored.
    Stored,
    /// The order had been stored before.
    AlreadyExists,
    /// This order is not acceptable.
    Refused,
    /// The token is not, or no longer, good.
    Unauthorized,
    /// No order would get through like this.
    Misconfigured,
    /// Try again later.
    Transient,
}

/// What the status and the `Retry-After` of an answer to a POST say about the order.
#[must_use]
pub fn classify(status: StatusCode, retry_after: RetryAfter) -> ResponseClass {
    match (status.as_u16(), retry_after) {
        (200..=299, _) => ResponseClass::Stored,
        // The order's id is its key, so a conflict is with itself. With `Retry-After` it means that the first
        // request is still under way (the Idempotency-Key draft, §2.7).
        (409, RetryAfter::Absent) => ResponseClass::AlreadyExists,
        (409, RetryAfter::Wait(_)) => ResponseClass::Transient,
        (400 | 413 | 422, _) => ResponseClass::Refused,
        (401, _) => ResponseClass::Unauthorized,
        _ if is_transient(status) => ResponseClass::Transient,
        // Redirects, the other 4xx, and numbers that HTTP does not have.
        _ => ResponseClass::Misconfigured,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_row() {
        let without = |status| classify(StatusCode::from_u16(status).unwrap(), RetryAfter::Absent);
        let with = |status| {
            classify(
                StatusCode::from_u16(status).unwrap(),
                RetryAfter::Wait(Duration::ZERO),
            )
        };
        for status in 100..=999 {
            let expected = match status {
                200..=299 => ResponseClass::Stored,
                400 | 413 | 422 => ResponseClass::Refused,
                401 => ResponseClass::Unauthorized,
                409 => ResponseClass::AlreadyExists,
                408 | 425 | 429 => ResponseClass::Transient,
                500..=599 => ResponseClass::Transient,
                _ => ResponseClass::Misconfigured,
            };
            assert_eq!(without(status), expected, "{status}");
            let expected = if status == 409 {
                ResponseClass::Transient
            } else {
                expected
            };
            assert_eq!(with(status), expected, "{status} with Retry-After");
        }
    }
}

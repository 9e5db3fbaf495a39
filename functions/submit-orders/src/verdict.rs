//! The verdict on a message, and what the status of an answer says about its order: the failure table, in one place.
//!
//! How long a retry waits is in [`shared::http::backoff`].

use std::time::Duration;

use http::StatusCode;
pub use shared::domain::rejection_reason::Reason;
use shared::{http::is_transient, http::retry_after::RetryAfter};

/// What becomes of a message in one invocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The destination has the order: the message is acknowledged.
    Delivered {
        /// The order was stored by an earlier request.
        duplicate: bool,
    },
    /// The order can never be delivered: the message is dead-lettered, then acknowledged.
    Rejected(Rejection),
    /// An attempt failed: the message stays on the queue.
    Retried(Retry),
    /// Not attempted: the message stays on the queue.
    Deferred(Deferral),
}

/// Why a message is dead-lettered: the attributes of its dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    pub reason: Reason,
    /// One line that holds no personal data and nothing that an API wrote but its error code.
    pub detail: String,
    /// What the destination answered, where it did.
    pub http_status: Option<StatusCode>,
    /// How the destination names the problem.
    pub error_code: Option<String>,
    /// What the destination wrote, for the dead letter only: it may repeat what the message holds.
    pub quote: Option<String>,
}

impl Rejection {
    /// A rejection that no answer led to.
    pub(crate) const fn new(reason: Reason, detail: String) -> Self {
        Self {
            reason,
            detail,
            http_status: None,
            error_code: None,
            quote: None,
        }
    }
}

/// Why an attempt failed, and how long the next one has to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    pub reason: RetryReason,
    /// One line that holds no personal data and nothing that an API wrote but its error code.
    pub detail: String,
    /// What the destination or the token endpoint answered, where it did.
    pub http_status: Option<StatusCode>,
    /// How the destination or the token endpoint names the problem, or the way in which it was not reached.
    pub error_code: Option<String>,
    /// What the destination wrote, for a dead letter only: it may repeat what the message holds.
    pub quote: Option<String>,
    /// The delay that an API asked for; zero where none did.
    pub min_delay: Duration,
}

impl Retry {
    /// A retry that no answer led to.
    pub(crate) const fn new(reason: RetryReason, detail: String) -> Self {
        Self {
            reason,
            detail,
            http_status: None,
            error_code: None,
            quote: None,
            min_delay: Duration::ZERO,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RetryReason {
    /// An API answered that it cannot serve the request for now.
    Transient,
    /// No answer.
    Unreachable,
    /// No order can be delivered until a person fixes the configuration.
    Misconfigured,
    /// SQS did not confirm the dead letter of a rejected message.
    DeadLetterFailed,
    /// A bug.
    Panicked,
}

impl RetryReason {
    /// The field `reason` in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Transient => "transient",
            Self::Unreachable => "unreachable",
            Self::Misconfigured => "misconfigured",
            Self::DeadLetterFailed => "dead_letter_failed",
            Self::Panicked => "panicked",
        }
    }
}

/// Why no attempt was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deferral {
    /// The circuit breaker is open, for this long.
    CircuitOpen { min_delay: Duration },
    /// The function's time is nearly up.
    OutOfTime,
}

impl Deferral {
    /// The field `reason` in the log.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CircuitOpen { .. } => "circuit_open",
            Self::OutOfTime => "out_of_time",
        }
    }

    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::CircuitOpen { .. } => {
                "not attempted: the circuit breaker is open, since the destination was down or misconfigured"
            }
            Self::OutOfTime => "not attempted: the function's time is nearly up",
        }
    }
}

/// What an answer to a POST says about the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseClass {
    Stored,
    /// An earlier request stored it.
    AlreadyExists,
    /// The destination does not accept this order.
    Refused,
    /// The token is not valid, or not any longer.
    Unauthorized,
    /// No order can be delivered like this.
    Misconfigured,
    /// Another attempt may succeed.
    Transient,
}

/// Classifies an answer to a POST by its status and its `Retry-After`.
#[must_use]
pub fn classify(status: StatusCode, retry_after: RetryAfter) -> ResponseClass {
    match (status.as_u16(), retry_after) {
        (200..=299, _) => ResponseClass::Stored,
        // The order's id is its idempotency key, so the conflict is with the same order. With `Retry-After` the first
        // request is still under way (The Idempotency-Key HTTP Header Field, draft-07, §2.7).
        (409, RetryAfter::Absent) => ResponseClass::AlreadyExists,
        (409, RetryAfter::Wait(_)) => ResponseClass::Transient,
        (400 | 413 | 422, _) => ResponseClass::Refused,
        (401, _) => ResponseClass::Unauthorized,
        _ if is_transient(status) => ResponseClass::Transient,
        // Redirects, the other 4xx, and numbers that HTTP does not define.
        _ => ResponseClass::Misconfigured,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_has_one_class() {
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

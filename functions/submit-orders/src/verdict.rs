//! The verdict on a message, and what the status of an answer says about its order: the failure table, in one place.
//!
//! How long a retry waits is in [`shared::http::backoff`].

use std::time::Duration;

use http::StatusCode;
pub use shared::domain::rejection_reason::Reason;
use shared::http::is_transient;

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
    /// An earlier request for the same order may still be under way.
    UnderWay,
    /// The destination blocks this order, and as far as is known no other.
    OrderBlocked,
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
            Self::UnderWay => "under_way",
            Self::OrderBlocked => "order_blocked",
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
                "not attempted: the circuit breaker is open, since the destination, or the request for its token or \
                 API key, failed before"
            }
            Self::OutOfTime => "not attempted: the function's time is nearly up",
        }
    }
}

/// What the status of an answer to a POST says about the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseClass {
    Stored,
    /// The order exists, or an earlier request for it is still under way: see [`crate::destination::conflict`].
    Conflict,
    /// The destination does not accept this order.
    Refused,
    /// The token is not valid, or not any longer.
    Unauthorized,
    /// This order, or any order, is not let through: see `blocked_orders`.
    Blocked,
    /// Another attempt may succeed.
    Transient,
}

/// Classifies an answer to a POST.
#[must_use]
pub fn classify(status: StatusCode) -> ResponseClass {
    match status.as_u16() {
        200..=299 => ResponseClass::Stored,
        409 => ResponseClass::Conflict,
        400 | 413 | 422 => ResponseClass::Refused,
        401 => ResponseClass::Unauthorized,
        _ if is_transient(status) => ResponseClass::Transient,
        // Redirects, the other 4xx, and numbers that HTTP does not define.
        _ => ResponseClass::Blocked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_has_one_class() {
        for status in 100..=999 {
            let expected = match status {
                200..=299 => ResponseClass::Stored,
                400 | 413 | 422 => ResponseClass::Refused,
                401 => ResponseClass::Unauthorized,
                409 => ResponseClass::Conflict,
                408 | 425 | 429 => ResponseClass::Transient,
                500..=599 => ResponseClass::Transient,
                _ => ResponseClass::Blocked,
            };
            assert_eq!(
                classify(StatusCode::from_u16(status).unwrap()),
                expected,
                "{status}"
            );
        }
    }
}

//! What an answer, or the lack of one, means for the circuit breaker and for the message.

use std::{
    sync::atomic::Ordering,
    time::{Duration, SystemTime},
};

use http::StatusCode;
use shared::{http::retry_after::RetryAfter, mapping::order::Order, secret::SecretError};

use super::{
    OrderApi,
    blocked_orders::Blocked,
    circuit_breaker::Permit,
    conflict::Conflict,
    oauth::{Token, TokenError, TokenErrorKind},
    problem,
    transport::{Answer, Unreachable},
};
use crate::verdict::{Reason, Rejection, ResponseClass, Retry, RetryReason, Verdict, classify};

impl OrderApi {
    pub(super) fn conclude(
        &self,
        order: &Order<'_>,
        permit: Permit<'_>,
        answer: &Answer,
        token: &Token,
        first_received: Option<SystemTime>,
    ) -> Verdict {
        let min_delay = RetryAfter::read(answer.headers(), (self.wall_clock)()).delay();
        match self.conflict(answer, first_received) {
            Some(Conflict::Exists) => return self.delivered(permit, true),
            Some(Conflict::UnderWay { min_delay }) => {
                permit.succeeded();
                return retried(RetryReason::UnderWay, order, answer, token, min_delay);
            }
            None => {}
        }
        match classify(answer.status()) {
            ResponseClass::Stored => self.delivered(permit, false),
            ResponseClass::Refused => {
                permit.succeeded();
                rejected(order, answer, token)
            }
            ResponseClass::Blocked | ResponseClass::Unauthorized | ResponseClass::Conflict => {
                match self.blocked_orders.record(&order.order_id) {
                    Blocked::Order => retried(RetryReason::OrderBlocked, order, answer, token, min_delay),
                    Blocked::All => {
                        permit.blocked(min_delay);
                        retried(RetryReason::Misconfigured, order, answer, token, min_delay)
                    }
                }
            }
            ResponseClass::Transient => {
                permit.failed(min_delay);
                retried(RetryReason::Transient, order, answer, token, min_delay)
            }
        }
    }

    fn delivered(&self, permit: Permit<'_>, duplicate: bool) -> Verdict {
        permit.succeeded();
        self.blocked_orders.record_delivery();
        Verdict::Delivered { duplicate }
    }

    /// What a missing token means for the circuit breaker and for the message. A failed token request is one failure,
    /// however many orders waited for it.
    pub(super) fn conclude_without_token(&self, permit: Permit<'_>, error: &TokenError) -> Verdict {
        let (reason, min_delay) = match error.kind {
            TokenErrorKind::Credentials(SecretError::Unreadable {
                is_transient: true, ..
            }) => (RetryReason::Transient, Duration::ZERO),
            TokenErrorKind::Credentials(_)
            | TokenErrorKind::NoToken { .. }
            | TokenErrorKind::UnusableToken { .. } => (RetryReason::Misconfigured, Duration::ZERO),
            TokenErrorKind::Refused { min_delay, .. } => (RetryReason::Misconfigured, min_delay),
            TokenErrorKind::Transient { min_delay, .. } => (RetryReason::Transient, min_delay),
            TokenErrorKind::Unreachable(_) | TokenErrorKind::NotEnded => {
                (RetryReason::Unreachable, Duration::ZERO)
            }
        };
        let counted = self
            .failed_token_request
            .fetch_max(error.request, Ordering::Relaxed);
        if counted >= error.request {
            drop(permit);
        } else if reason == RetryReason::Misconfigured {
            permit.misconfigured(min_delay);
        } else {
            permit.failed(min_delay);
        }
        Verdict::Retried(Retry {
            http_status: error.kind.status(),
            error_code: error.kind.error_code().map(str::to_owned),
            min_delay,
            ..Retry::new(reason, error.to_string())
        })
    }
}

pub(super) fn conclude_unreachable(permit: Permit<'_>, error: Unreachable) -> Verdict {
    permit.failed(Duration::ZERO);
    let detail = format!("the destination is unreachable: {error}");
    Verdict::Retried(Retry {
        error_code: Some(error.code().to_owned()),
        ..Retry::new(RetryReason::Unreachable, detail)
    })
}

fn retried(
    reason: RetryReason,
    order: &Order<'_>,
    answer: &Answer,
    token: &Token,
    min_delay: Duration,
) -> Verdict {
    let (error_code, quote) = problem_of(order, answer, token);
    Verdict::Retried(Retry {
        reason,
        detail: answered(answer.status(), error_code.as_deref()),
        http_status: Some(answer.status()),
        error_code,
        quote,
        min_delay,
    })
}

fn rejected(order: &Order<'_>, answer: &Answer, token: &Token) -> Verdict {
    let (error_code, quote) = problem_of(order, answer, token);
    Verdict::Rejected(Rejection {
        reason: Reason::RejectedByDestination,
        detail: answered(answer.status(), error_code.as_deref()),
        http_status: Some(answer.status()),
        error_code,
        quote,
    })
}

fn answered(status: StatusCode, error_code: Option<&str>) -> String {
    match error_code {
        Some(code) => format!("the destination answered {status}: {code}"),
        None => format!("the destination answered {status}"),
    }
}

/// The error code of an answer, and a quote of its text. What the order itself holds is no code: a customer's id may look
/// like one.
fn problem_of(order: &Order<'_>, answer: &Answer, token: &Token) -> (Option<String>, Option<String>) {
    let sent = serde_json::to_string(order).unwrap_or_default().to_lowercase();
    let quote = problem::quote(answer, token.credentials());
    (
        problem::error_code(answer).filter(|code| !sent.contains(&code.to_lowercase())),
        Some(quote).filter(|quote| !quote.is_empty()),
    )
}

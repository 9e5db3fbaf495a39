//! The verdict on an order that the destination did not accept, with what its answer says.

use std::time::Duration;

use http::StatusCode;
use shared::mapping::order::Order;

use super::{oauth::Token, problem, transport::Answer};
use crate::verdict::{Reason, Rejection, Retry, RetryReason, Verdict};

pub(super) fn retried(
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

pub(super) fn rejected(order: &Order<'_>, answer: &Answer, token: &Token) -> Verdict {
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

//! Carries out what a rule says.

use std::future::pending;
use std::time::Duration;

use axum::response::{IntoResponse, Response};

use crate::action::Action;
use crate::answer::Answer;
use crate::bodies::{compressed, oversized, slow, truncated};
use crate::connection::{Ending, Wire};
use crate::echo::Sent;
use crate::faults::Rule;
use crate::raw::{RawAnswer, Then, in_memory, rendered};

/// The answer to a request that `rule` applies to, where `process` makes the genuine one.
/// Does not return where the rule leaves the request without an answer.
pub(crate) async fn answer(
    rule: Option<Rule>,
    wire: &Wire,
    sent: &Sent<'_>,
    process: impl FnOnce() -> Response,
) -> Response {
    let Some(Rule {
        action, latency_ms, ..
    }) = rule
    else {
        return process();
    };
    wait(latency_ms).await;
    let given = |instead: Option<Answer>| instead.map_or_else(process, Answer::into_response);
    match action {
        Action::Pass | Action::UnderWay(_) => given(None),
        Action::Answer(answer) => given(Some(answer)),
        Action::Raw(answer) => raw(answer, wire).await,
        Action::Alter(alteration) => alteration.apply(given(None)),
        Action::Echo(echo) => echo.response(sent),
        Action::Reset => wire.end(Ending::Reset).await,
        Action::Close => wire.end(Ending::Close).await,
        Action::Hang => pending().await,
        Action::LoseAnswer => {
            given(None);
            wire.end(Ending::Reset).await
        }
        Action::Disconnect { reset, instead } => {
            let then = if reset { Then::Reset } else { Then::Close };
            let answer = rendered(given(instead), then).await;
            raw(answer, wire).await
        }
        Action::Truncate { reset, instead } => {
            let ending = if reset { Ending::Reset } else { Ending::Close };
            truncated(given(instead), wire.clone(), ending).await
        }
        Action::Slow { delay_ms, instead } => slow(given(instead), Duration::from_millis(delay_ms)).await,
        Action::Oversize { bytes, instead } => oversized(given(instead), b' ', bytes),
        Action::Bomb {
            coding,
            bytes,
            zeros,
            instead,
        } => {
            let fill = if zeros { 0 } else { b' ' };
            // In one piece: a decoder that gets all of it at once fills its whole window.
            in_memory(compressed(oversized(given(instead), fill, bytes), coding)).await
        }
    }
}

async fn raw(answer: RawAnswer, wire: &Wire) -> Response {
    match answer.clone().response() {
        Some(response) => response,
        None => wire.end(Ending::Write(answer)).await,
    }
}

/// The latency of a rule.
pub(crate) async fn wait(latency_ms: u64) {
    if latency_ms > 0 {
        tokio::time::sleep(Duration::from_millis(latency_ms)).await;
    }
}

//! One message becomes one verdict. Knows nothing of batches, nor of SQS.

use std::time::Duration;

use governor::{
    Quota, RateLimiter,
    clock::Clock,
    middleware::NoOpMiddleware,
    state::{InMemoryState, NotKeyed},
};
use shared::message::Message;
use tokio::time::Instant;

use crate::{
    destination::{OrderApi, POST_TIMEOUT, Posted},
    halt::{Gate, Halted},
    order::{About, Order, transform},
    token::TokenError,
    verdict::{Cause, Reason, Rejection, Retry, Verdict},
};

/// What is kept of the function's time for what follows the POSTs: dead letters, visibilities, the answer.
pub const WRAP_UP: Duration = Duration::from_secs(5);

/// A POST that has less time than this is not started.
pub const SHORTEST_POST: Duration = Duration::from_secs(1);

/// Makes orders of messages and posts them.
pub struct Submission {
    destination: OrderApi,
    gate: Gate,
    pace: Option<Pace>,
}

impl Submission {
    /// Sets up; `order_interval` is the least time from one POST to the next.
    #[must_use]
    pub fn new(destination: OrderApi, order_interval: Option<Duration>) -> Self {
        Self {
            destination,
            gate: Gate::default(),
            pace: order_interval.and_then(Pace::new),
        }
    }

    /// Does all that is to be done with one message before `deadline`, less [`WRAP_UP`].
    pub async fn submit(&self, body: &str, deadline: Instant) -> (About, Verdict) {
        let message = match Message::parse(body) {
            Ok(message) => message,
            Err(error) => {
                return (
                    About::default(),
                    rejected(Reason::MalformedMessage, error.to_string()),
                );
            }
        };
        let (about, order) = transform(&message);
        let verdict = match order {
            Ok(order) => {
                tracing::debug!(
                    order_date = %order.order_date,
                    customer_id = %order.customer_info.id,
                    order_id = %order.order_id,
                    "order made"
                );
                self.post(&order, deadline).await
            }
            Err(violations) => rejected(Reason::InvalidCustomer, violations.to_string()),
        };
        (about, verdict)
    }

    async fn post(&self, order: &Order<'_>, deadline: Instant) -> Verdict {
        let last_start = deadline
            .checked_sub(WRAP_UP + SHORTEST_POST)
            .unwrap_or_else(Instant::now);
        if let Err(halted) = self.gate.check() {
            return halted.into();
        }
        if let Some(pace) = &self.pace
            && !pace.wait(last_start).await
        {
            return out_of_time();
        }
        let pass = match self.gate.enter().await {
            Ok(pass) => pass,
            Err(halted) => return halted.into(),
        };
        let now = Instant::now();
        if now >= last_start {
            return out_of_time();
        }
        let within = POST_TIMEOUT.min(deadline.duration_since(now).saturating_sub(WRAP_UP));
        let posted = self.destination.post(order, within).await;
        let verdict = verdict(posted);
        match &verdict {
            Verdict::Delivered { .. } | Verdict::Rejected(_) => pass.answered(),
            Verdict::Retry(retry) => match retry.cause {
                Cause::Busy | Cause::Unreachable => pass.failed(retry.not_before),
                Cause::Misconfigured => pass.misconfigured(retry.not_before),
                // Not causes of a POST.
                Cause::Halted | Cause::OutOfTime | Cause::NotCopied | Cause::Panicked => drop(pass),
            },
        }
        verdict
    }
}

/// The verdict on a message, from what became of its order's POST.
fn verdict(posted: Posted) -> Verdict {
    let retry = |cause, detail: String, http_status, not_before| {
        Verdict::Retry(Retry {
            cause,
            detail,
            http_status,
            not_before,
        })
    };
    let token = |error: &TokenError| error.to_string();
    match posted {
        Posted::Stored => Verdict::Delivered { duplicate: false },
        Posted::StoredBefore => Verdict::Delivered { duplicate: true },
        Posted::Refused { status, detail } => Verdict::Rejected(Rejection {
            reason: Reason::RefusedByDestination,
            detail: if detail.is_empty() {
                format!("the destination answered {status}")
            } else {
                detail
            },
            http_status: Some(status),
        }),
        Posted::Misconfigured {
            status,
            detail,
            not_before,
        } => retry(
            Cause::Misconfigured,
            format!("the destination answered {status}: {detail}"),
            Some(status),
            not_before,
        ),
        Posted::Busy { status, not_before } => retry(
            Cause::Busy,
            format!("the destination answered {status}"),
            Some(status),
            not_before,
        ),
        Posted::Unreachable(error) => retry(
            Cause::Unreachable,
            format!("the destination is unreachable: {error}"),
            None,
            Duration::ZERO,
        ),
        Posted::NoToken(error) => match &error {
            TokenError::Credentials(_) | TokenError::NotAToken => {
                retry(Cause::Misconfigured, token(&error), None, Duration::ZERO)
            }
            TokenError::Refused {
                status, not_before, ..
            } => retry(Cause::Misconfigured, token(&error), Some(*status), *not_before),
            TokenError::Busy { status, not_before } => {
                retry(Cause::Busy, token(&error), Some(*status), *not_before)
            }
            TokenError::Unreachable(_) => retry(Cause::Unreachable, token(&error), None, Duration::ZERO),
        },
    }
}

fn rejected(reason: Reason, detail: String) -> Verdict {
    Verdict::Rejected(Rejection {
        reason,
        detail,
        http_status: None,
    })
}

fn out_of_time() -> Verdict {
    Verdict::Retry(Retry {
        cause: Cause::OutOfTime,
        detail: "the function's time was nearly up".to_owned(),
        http_status: None,
        not_before: Duration::ZERO,
    })
}

impl From<Halted> for Verdict {
    fn from(Halted(left): Halted) -> Self {
        Self::Retry(Retry {
            cause: Cause::Halted,
            detail: "not started: the destination was found down or misconfigured a moment ago".to_owned(),
            http_status: None,
            not_before: left,
        })
    }
}

/// The rate limit of this instance.
struct Pace(RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<std::time::Instant>>);

impl Pace {
    fn new(interval: Duration) -> Option<Self> {
        Quota::with_period(interval).map(|quota| Self(RateLimiter::direct_with_clock(quota, TokioClock)))
    }

    /// Waits for this POST's turn.
    ///
    /// # Returns
    /// `false`, at once, where it would not come before `last`.
    async fn wait(&self, last: Instant) -> bool {
        while let Err(not_yet) = self.0.check() {
            let turn = Instant::now() + not_yet.wait_time_from(TokioClock.now());
            if turn > last {
                return false;
            }
            tokio::time::sleep_until(turn).await;
        }
        true
    }
}

/// tokio's clock, which a test can turn.
#[derive(Clone)]
struct TokioClock;

impl Clock for TokioClock {
    type Instant = std::time::Instant;

    fn now(&self) -> std::time::Instant {
        Instant::now().into_std()
    }
}

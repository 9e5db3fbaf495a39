//! One message becomes one verdict. Knows nothing of batches, nor of SQS.

use std::time::Duration;

use governor::{
    Quota, RateLimiter,
    clock::Clock,
    middleware::NoOpMiddleware,
    state::{InMemoryState, NotKeyed},
};
use shared::{
    domain::{message::Message, order_context::OrderContext},
    mapping::{map_customer, order::Order},
};
use tokio::time::Instant;

use crate::{
    destination::circuit_breaker::{CircuitBreaker, CircuitOpen},
    destination::oauth::TokenError,
    destination::{OrderApi, POST_TIMEOUT, Posted},
    verdict::{Cause, Reason, Rejection, Retry, Verdict},
};

/// What is kept of the function's time for what follows the POSTs: dead letters, visibilities, the answer.
pub const WRAP_UP: Duration = Duration::from_secs(5);

/// A POST that has less time than this is not started.
pub const SHORTEST_POST: Duration = Duration::from_secs(1);

/// Makes orders of messages and posts them.
pub struct Submission {
    destination: OrderApi,
    gate: CircuitBreaker,
    pace: Option<Pace>,
}

impl Submission {
    /// Sets up; `order_interval` is the least time from one POST to the next.
    #[must_use]
    pub fn new(destination: OrderApi, order_interval: Option<Duration>) -> Self {
        Self {
            destination,
            gate: CircuitBreaker::default(),
            pace: order_interval.and_then(Pace::new),
        }
    }

    /// Does all that is to be done with one message before `deadline`, less [`WRAP_UP`].
    pub async fn submit(&self, body: &str, deadline: Instant) -> (OrderContext, Verdict) {
        let message = match Message::parse(body) {
            Ok(message) => message,
            Err(error) => {
                return (
                    OrderContext::default(),
                    rejected(Reason::MalformedMessage, error.to_string()),
                );
            }
        };
        let (about, order) = map_customer(&message);
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
        if let Err(circuit_open) = self.gate.check() {
            return circuit_open.into();
        }
        if let Some(pace) = &self.pace
            && !pace.wait(last_start).await
        {
            return out_of_time();
        }
        let pass = match self.gate.enter().await {
            Ok(pass) => pass,
            Err(circuit_open) => return circuit_open.into(),
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
                Cause::Transient | Cause::Unreachable => pass.failed(retry.min_delay),
                Cause::Misconfigured => pass.misconfigured(retry.min_delay),
                // Not causes of a POST.
                Cause::CircuitOpen | Cause::OutOfTime | Cause::DeadLetterError | Cause::Panicked => {
                    drop(pass)
                }
            },
        }
        verdict
    }
}

/// The verdict on a message, from what became of its order's POST.
fn verdict(posted: Posted) -> Verdict {
    let retry = |cause, detail: String, http_status, min_delay| {
        Verdict::Retry(Retry {
            cause,
            detail,
            http_status,
            min_delay,
        })
    };
    let token = |error: &TokenError| error.to_string();
    match posted {
        Posted::Stored => Verdict::Delivered { duplicate: false },
        Posted::AlreadyExists => Verdict::Delivered { duplicate: true },
        Posted::Refused { status, detail } => Verdict::Rejected(Rejection {
            reason: Reason::RejectedByDestination,
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
            min_delay,
        } => retry(
            Cause::Misconfigured,
            format!("the destination answered {status}: {detail}"),
            Some(status),
            min_delay,
        ),
        Posted::Transient { status, min_delay } => retry(
            Cause::Transient,
            format!("the destination answered {status}"),
            Some(status),
            min_delay,
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
                status, min_delay, ..
            } => retry(Cause::Misconfigured, token(&error), Some(*status), *min_delay),
            TokenError::Transient { status, min_delay } => {
                retry(Cause::Transient, token(&error), Some(*status), *min_delay)
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
        min_delay: Duration::ZERO,
    })
}

impl From<CircuitOpen> for Verdict {
    fn from(CircuitOpen(left): CircuitOpen) -> Self {
        Self::Retry(Retry {
            cause: Cause::CircuitOpen,
            detail: "not started: the destination was found down or misconfigured a moment ago".to_owned(),
            http_status: None,
            min_delay: left,
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

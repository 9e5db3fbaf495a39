//! The destination API: one POST per order, with a token, as far as circuit breaker and rate limit permit.

pub mod call_stats;
pub mod circuit_breaker;
mod credentials;
pub mod oauth;
pub mod problem;
mod rate_limiter;
pub mod transport;

use std::{sync::Arc, time::Duration};

use http::{
    HeaderName, HeaderValue, Method, StatusCode,
    header::{ACCEPT, CONTENT_TYPE},
};
use reqwest::Request;
use shared::{
    clock::WallClock, domain::order_id::OrderId, http::retry_after::RetryAfter, mapping::order::Order,
    secret::SecretError,
};
use tokio::time::Instant;
use url::Url;

use crate::verdict::{Deferral, Reason, Rejection, ResponseClass, Retry, RetryReason, Verdict, classify};
use call_stats::CallRecorder;
use circuit_breaker::{CircuitBreaker, CircuitOpen, Permit};
use oauth::{Token, TokenError, TokenErrorKind, Tokens};
use rate_limiter::{DeadlineExceeded, RateLimiter};
use transport::{Answer, Transport, Unreachable};

/// How long the POST of one order may take, with the token request that it may need first. Well below the function's
/// timeout in `template.yaml` (a test compares them): a destination that hangs costs its messages a retry, not the
/// invocation.
pub const POST_TIMEOUT: Duration = Duration::from_secs(15);

/// A POST that has less time than this is not attempted.
const MIN_POST_TIME: Duration = Duration::from_secs(1);

#[derive(Debug, Clone)]
pub struct OrderApiSettings {
    pub url: Url,
    /// The header that carries the order's id.
    pub idempotency_key_header: HeaderName,
    /// The least time from one POST of this instance to the next.
    pub order_interval: Option<Duration>,
}

/// The destination API.
pub struct OrderApi {
    settings: OrderApiSettings,
    tokens: Tokens,
    transport: Arc<dyn Transport>,
    wall_clock: WallClock,
    calls: Arc<CallRecorder>,
    circuit_breaker: CircuitBreaker,
    rate_limiter: RateLimiter,
}

impl OrderApi {
    pub(crate) fn new(
        settings: OrderApiSettings,
        tokens: Tokens,
        transport: Arc<dyn Transport>,
        wall_clock: WallClock,
        calls: Arc<CallRecorder>,
    ) -> Self {
        Self {
            rate_limiter: RateLimiter::new(settings.order_interval),
            settings,
            tokens,
            transport,
            wall_clock,
            calls,
            circuit_breaker: CircuitBreaker::default(),
        }
    }

    /// Posts an order, in at most [`POST_TIMEOUT`], and before `deadline`.
    pub(crate) async fn post(&self, order: &Order<'_>, deadline: Instant) -> Verdict {
        match self.permit(deadline).await {
            Ok(permit) => {
                let deadline = deadline.min(Instant::now() + POST_TIMEOUT);
                self.attempt(order, permit, deadline).await
            }
            Err(deferral) => Verdict::Deferred(deferral),
        }
    }

    async fn permit(&self, deadline: Instant) -> Result<Permit<'_>, Deferral> {
        let last_start = deadline.checked_sub(MIN_POST_TIME).unwrap_or_else(Instant::now);
        // First, so that no turn of the rate limit is spent in vain.
        self.circuit_breaker.check()?;
        self.rate_limiter.turn(last_start).await?;
        let permit = self.circuit_breaker.acquire().await?;
        if Instant::now() >= last_start {
            return Err(Deferral::OutOfTime);
        }
        Ok(permit)
    }

    /// Posts an order; where the destination does not accept the token, once more with a new one.
    async fn attempt(&self, order: &Order<'_>, permit: Permit<'_>, deadline: Instant) -> Verdict {
        let mut stale: Option<Arc<Token>> = None;
        loop {
            let timeout = deadline.saturating_duration_since(Instant::now());
            let token = match self.tokens.get(stale.as_ref(), timeout).await {
                Ok(token) => token,
                Err(error) => return token_failed(permit, &error),
            };
            let answer = match self.send(order, &token, deadline).await {
                Ok(answer) => answer,
                Err(error) => {
                    permit.failed(Duration::ZERO);
                    let detail = format!("the destination is unreachable: {error}");
                    return Verdict::Retried(Retry {
                        error_code: Some(error.code().to_owned()),
                        ..Retry::new(RetryReason::Unreachable, detail)
                    });
                }
            };
            let retry_after = RetryAfter::read(answer.headers(), (self.wall_clock)());
            let class = classify(answer.status(), retry_after);
            if class == ResponseClass::Unauthorized && stale.is_none() {
                stale = Some(token);
                continue;
            }
            return conclude(class, permit, &answer, &token, retry_after.delay());
        }
    }

    async fn send(&self, order: &Order<'_>, token: &Token, deadline: Instant) -> Result<Answer, Unreachable> {
        let (request, started) = (self.request(order, token), Instant::now());
        let timeout = deadline.saturating_duration_since(started);
        let answer = self.transport.send(request, timeout).await;
        let latency = started.elapsed();
        log_posted(&order.order_id, &answer, latency);
        if answer.is_ok() {
            self.calls.record_post(latency);
        }
        answer
    }

    fn request(&self, order: &Order<'_>, token: &Token) -> Request {
        let mut request = Request::new(Method::POST, self.settings.url.clone());
        // An order is a tree of strings: writing it cannot fail.
        let body = serde_json::to_vec(order).unwrap_or_default();
        *request.body_mut() = Some(body.into());
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(
            ACCEPT,
            HeaderValue::from_static("application/json, application/problem+json"),
        );
        token.authorize(headers);
        if let Ok(key) = HeaderValue::from_str(order.order_id.as_str()) {
            headers.insert(self.settings.idempotency_key_header.clone(), key);
        }
        request
    }
}

impl From<CircuitOpen> for Deferral {
    fn from(CircuitOpen(min_delay): CircuitOpen) -> Self {
        Self::CircuitOpen { min_delay }
    }
}

impl From<DeadlineExceeded> for Deferral {
    fn from(DeadlineExceeded: DeadlineExceeded) -> Self {
        Self::OutOfTime
    }
}

/// What an answer means for the circuit breaker and for the message.
fn conclude(
    class: ResponseClass,
    permit: Permit<'_>,
    answer: &Answer,
    token: &Token,
    min_delay: Duration,
) -> Verdict {
    let status = answer.status();
    let retried = |reason| {
        let (error_code, quote) = problem_of(answer, token);
        Verdict::Retried(Retry {
            reason,
            detail: answered(status, error_code.as_deref()),
            http_status: Some(status),
            error_code,
            quote,
            min_delay,
        })
    };
    match class {
        ResponseClass::Stored | ResponseClass::AlreadyExists => {
            permit.succeeded();
            Verdict::Delivered {
                duplicate: class == ResponseClass::AlreadyExists,
            }
        }
        ResponseClass::Refused => {
            permit.succeeded();
            let (error_code, quote) = problem_of(answer, token);
            Verdict::Rejected(Rejection {
                reason: Reason::RejectedByDestination,
                detail: answered(status, error_code.as_deref()),
                http_status: Some(status),
                error_code,
                quote,
            })
        }
        ResponseClass::Unauthorized | ResponseClass::Misconfigured => {
            permit.misconfigured(min_delay);
            retried(RetryReason::Misconfigured)
        }
        ResponseClass::Transient => {
            permit.failed(min_delay);
            retried(RetryReason::Transient)
        }
    }
}

fn answered(status: StatusCode, error_code: Option<&str>) -> String {
    match error_code {
        Some(code) => format!("the destination answered {status}: {code}"),
        None => format!("the destination answered {status}"),
    }
}

/// The error code of an answer, and a quote of its text.
fn problem_of(answer: &Answer, token: &Token) -> (Option<String>, Option<String>) {
    let quote = problem::quote(answer, token.credentials());
    (
        problem::error_code(answer),
        Some(quote).filter(|quote| !quote.is_empty()),
    )
}

/// What a missing token means for the circuit breaker and for the message.
fn token_failed(permit: Permit<'_>, error: &TokenError) -> Verdict {
    let (reason, min_delay) = match error.kind {
        TokenErrorKind::Credentials(SecretError::Unreadable {
            is_transient: true, ..
        }) => (RetryReason::Transient, Duration::ZERO),
        TokenErrorKind::Credentials(_) | TokenErrorKind::NoToken { .. } => {
            (RetryReason::Misconfigured, Duration::ZERO)
        }
        TokenErrorKind::Refused { min_delay, .. } => (RetryReason::Misconfigured, min_delay),
        TokenErrorKind::Transient { min_delay, .. } => (RetryReason::Transient, min_delay),
        TokenErrorKind::Unreachable(_) => (RetryReason::Unreachable, Duration::ZERO),
    };
    if reason == RetryReason::Misconfigured {
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

fn log_posted(order_id: &OrderId, answer: &Result<Answer, Unreachable>, latency: Duration) {
    tracing::debug!(
        event = "order_posted",
        %order_id,
        status = answer.as_ref().ok().map(|answer| answer.status().as_u16()),
        reason = answer.as_ref().err().map(tracing::field::display),
        elapsed_ms = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX),
        "order posted"
    );
}

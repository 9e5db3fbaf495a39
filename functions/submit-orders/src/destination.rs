//! The destination API: one POST per order, with a token, as far as circuit breaker and rate limit permit.

mod blocked_orders;
pub mod call_stats;
pub mod circuit_breaker;
mod conclusion;
pub mod conflict;
mod credentials;
pub mod oauth;
mod preflight;
pub mod problem;
mod rate_limiter;
pub mod transport;

use std::{
    sync::{Arc, atomic::AtomicU64},
    time::{Duration, SystemTime},
};

use http::{
    HeaderName, HeaderValue, Method,
    header::{ACCEPT, CONTENT_TYPE},
};
use reqwest::Request;
use shared::{
    clock::{WallClock, millis},
    domain::order_id::OrderId,
    http::retry_after::RetryAfter,
    mapping::order::Order,
};
use tokio::time::Instant;
use url::Url;

use crate::verdict::{Deferral, ResponseClass, Verdict, classify};
use blocked_orders::BlockedOrders;
use call_stats::CallRecorder;
use circuit_breaker::{CircuitBreaker, CircuitOpen, Permit};
use conclusion::conclude_unreachable;
use conflict::{Conflict, ConflictSettings};
use oauth::{Token, TokenError, Tokens};
use rate_limiter::{DeadlineExceeded, RateLimiter};
use transport::{Answer, Repeated, Transport, Unreachable};

/// How long the POST of one order may take, with the token request that it may need first. Well below the function's
/// timeout in `template.yaml` (a test compares them): a destination that hangs costs its messages a retry, not the
/// invocation.
pub const POST_TIMEOUT: Duration = Duration::from_secs(15);

/// A POST that has less time than this is not attempted.
const MIN_POST_TIME: Duration = Duration::from_secs(1);

/// A token younger than this may not be valid yet: the clock of the destination is a little behind that of the token
/// endpoint, and `nbf` (RFC 7519 §4.1.5) is the time of its issue.
const YOUNG_TOKEN: Duration = Duration::from_secs(5);

/// How long a POST waits for a young token to become valid.
const YOUNG_TOKEN_DELAY: Duration = Duration::from_secs(1);

#[derive(Debug, Clone)]
pub struct OrderApiSettings {
    pub url: Url,
    /// The header that carries the order's id.
    pub idempotency_key_header: HeaderName,
    /// The least time from one POST of this instance to the next.
    pub order_interval: Option<Duration>,
    pub conflicts: ConflictSettings,
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
    blocked_orders: BlockedOrders,
    /// The number of the last token request whose failure the circuit breaker counted.
    failed_token_request: AtomicU64,
}

/// Why a POST led to no answer.
enum NoAnswer {
    Token(TokenError),
    Unreachable(Unreachable),
}

impl From<TokenError> for NoAnswer {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

impl From<Unreachable> for NoAnswer {
    fn from(error: Unreachable) -> Self {
        Self::Unreachable(error)
    }
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
            blocked_orders: BlockedOrders::default(),
            failed_token_request: AtomicU64::new(0),
        }
    }

    /// Whether the destination blocks this order while it accepts others.
    pub(crate) fn is_blocked_alone(&self, order_id: &OrderId) -> bool {
        self.blocked_orders.is_alone(order_id)
    }

    /// To be called when a batch is over: an API key is read anew for the next one, and not kept meanwhile.
    pub(crate) async fn forget_api_key(&self) {
        self.tokens.forget_api_key().await;
    }

    /// Posts an order, in at most [`POST_TIMEOUT`], and before `deadline`.
    pub(crate) async fn post(
        &self,
        order: &Order<'_>,
        first_received: Option<SystemTime>,
        deadline: Instant,
    ) -> Verdict {
        let permit = match self.permit(deadline).await {
            Ok(permit) => permit,
            Err(deferral) => return Verdict::Deferred(deferral),
        };
        let deadline = deadline.min(Instant::now() + POST_TIMEOUT);
        match self.answer(order, deadline).await {
            Ok((answer, token)) => self.conclude(order, permit, &answer, &token, first_received),
            Err(NoAnswer::Token(error)) => self.conclude_without_token(permit, &error),
            Err(NoAnswer::Unreachable(error)) => conclude_unreachable(permit, error),
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

    /// The destination's answer, and the token that it had. Where it does not accept the token, the order is posted once
    /// more with a new one; and once more after a moment where the new one may not be valid yet.
    async fn answer(&self, order: &Order<'_>, deadline: Instant) -> Result<(Answer, Arc<Token>), NoAnswer> {
        let token = self.tokens.get(None, time_left(deadline)).await?;
        let answer = self.send(order, &token, deadline).await?;
        if !self.is_unauthorized(&answer) {
            return Ok((answer, token));
        }
        let token = self.tokens.get(Some(&token), time_left(deadline)).await?;
        let answer = self.send(order, &token, deadline).await?;
        let wait = token.age() < YOUNG_TOKEN && time_left(deadline) >= YOUNG_TOKEN_DELAY + MIN_POST_TIME;
        if !wait || !self.is_unauthorized(&answer) {
            return Ok((answer, token));
        }
        tokio::time::sleep(YOUNG_TOKEN_DELAY).await;
        Ok((self.send(order, &token, deadline).await?, token))
    }

    fn is_unauthorized(&self, answer: &Answer) -> bool {
        classify(answer.status()) == ResponseClass::Unauthorized && self.conflict(answer, None).is_none()
    }

    fn conflict(&self, answer: &Answer, first_received: Option<SystemTime>) -> Option<Conflict> {
        let now = (self.wall_clock)();
        // The request that broke without an answer began a moment ago.
        let repeated = answer.extensions().get::<Repeated>().is_some();
        let since_first_receive = first_received
            .filter(|_| !repeated)
            .and_then(|at| now.duration_since(at).ok());
        let retry_after = RetryAfter::read(answer.headers(), now);
        let conflicts = &self.settings.conflicts;
        conflicts.read(answer.status(), answer.body(), retry_after, since_first_receive)
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

fn time_left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

fn log_posted(order_id: &OrderId, answer: &Result<Answer, Unreachable>, latency: Duration) {
    tracing::debug!(
        event = "order_posted",
        %order_id,
        status = answer.as_ref().ok().map(|answer| answer.status().as_u16()),
        detail = answer.as_ref().err().map(tracing::field::display),
        elapsed_ms = millis(latency),
        "order posted"
    );
}

//! The destination API: one POST per order, with a token.

pub mod circuit_breaker;
pub mod oauth;
pub mod problem;
pub mod transport;

use std::{sync::Arc, time::Duration};

use http::{
    HeaderName, HeaderValue, Method, StatusCode,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};
use reqwest::Request;
use shared::{
    clock::WallClock, domain::order_id::OrderId, http::retry_after::RetryAfter, mapping::order::Order,
};
use tokio::time::Instant;
use url::Url;

use crate::{
    destination::oauth::{Token, TokenError, Tokens},
    destination::transport::{Answer, Transport, Unreachable},
    meter::Meter,
    verdict::{ResponseClass, classify},
};

/// How long the POST of one order may take, a token that it needs first included. Well below the function's
/// time-out in `template.yaml` (a test compares them): a destination that hangs costs its messages a retry,
/// not the invocation.
pub const POST_TIMEOUT: Duration = Duration::from_secs(15);

/// What became of the POST of one order.
#[derive(Debug, Clone)]
pub enum Posted {
    /// Stored.
    Stored,
    /// It had been stored before.
    AlreadyExists,
    /// This order is not acceptable.
    Refused {
        /// The destination's status.
        status: StatusCode,
        /// Its words.
        detail: String,
    },
    /// No order would get through like this.
    Misconfigured {
        /// The destination's status.
        status: StatusCode,
        /// Its words.
        detail: String,
        /// The wait it asked for.
        min_delay: Duration,
    },
    /// The destination cannot now.
    Transient {
        /// Its status.
        status: StatusCode,
        /// The wait it asked for.
        min_delay: Duration,
    },
    /// No answer.
    Unreachable(Unreachable),
    /// Nothing was posted, for want of a token.
    NoToken(TokenError),
}

/// The destination API.
pub struct OrderApi {
    url: Url,
    idempotency_key_header: HeaderName,
    tokens: Tokens,
    transport: Arc<dyn Transport>,
    wall_clock: WallClock,
    meter: Arc<Meter>,
}

impl OrderApi {
    /// Sets up; calls nothing yet.
    pub fn new(
        url: Url,
        idempotency_key_header: HeaderName,
        tokens: Tokens,
        transport: Arc<dyn Transport>,
        wall_clock: WallClock,
        meter: Arc<Meter>,
    ) -> Self {
        Self {
            url,
            idempotency_key_header,
            tokens,
            transport,
            wall_clock,
            meter,
        }
    }

    /// Posts an order, within `timeout`. Where the destination does not take the token, it is posted once more
    /// with a new one.
    pub async fn post(&self, order: &Order<'_>, timeout: Duration) -> Posted {
        let until = Instant::now() + timeout;
        let mut stale: Option<Arc<Token>> = None;
        loop {
            let token = match self.tokens.get(stale.as_ref(), left(until)).await {
                Ok(token) => token,
                Err(error) => return Posted::NoToken(error),
            };
            let (request, began) = (self.request(order, &token), Instant::now());
            let answer = self
                .transport
                .send(request, until.saturating_duration_since(began))
                .await;
            let latency = began.elapsed();
            log_answer(&order.order_id, &answer, latency, stale.is_some());
            let answer = match answer {
                Ok(answer) => answer,
                Err(error) => return Posted::Unreachable(error),
            };
            self.meter.answered(latency);
            let retry_after = RetryAfter::read(answer.headers(), (self.wall_clock)());
            let min_delay = retry_after.delay();
            let status = answer.status();
            let detail = || problem_of(&answer, order, &token);
            return match classify(status, retry_after) {
                ResponseClass::Stored => Posted::Stored,
                ResponseClass::AlreadyExists => Posted::AlreadyExists,
                ResponseClass::Refused => Posted::Refused {
                    status,
                    detail: detail(),
                },
                ResponseClass::Unauthorized if stale.is_none() => {
                    stale = Some(token);
                    continue;
                }
                ResponseClass::Unauthorized | ResponseClass::Misconfigured => Posted::Misconfigured {
                    status,
                    detail: detail(),
                    min_delay,
                },
                ResponseClass::Transient => Posted::Transient { status, min_delay },
            };
        }
    }

    fn request(&self, order: &Order<'_>, token: &Token) -> Request {
        let mut request = Request::new(Method::POST, self.url.clone());
        // An order is a tree of strings: writing it cannot fail.
        let body = serde_json::to_vec(order).unwrap_or_default();
        *request.body_mut() = Some(body.into());
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, token.authorization.clone());
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(
            ACCEPT,
            HeaderValue::from_static("application/json, application/problem+json"),
        );
        if let Ok(key) = HeaderValue::from_str(order.order_id.as_str()) {
            headers.insert(self.idempotency_key_header.clone(), key);
        }
        request
    }
}

fn log_answer(order_id: &OrderId, answer: &Result<Answer, Unreachable>, latency: Duration, again: bool) {
    tracing::debug!(
        %order_id,
        status = answer.as_ref().ok().map(|answer| answer.status().as_u16()),
        reason = answer.as_ref().err().map(tracing::field::display),
        latency_ms = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX),
        again,
        "order posted"
    );
}

fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}

/// The destination's own words, without what it repeats of the order or the token.
fn problem_of(answer: &Answer, order: &Order<'_>, token: &Token) -> String {
    let (customer, address) = (&order.customer_info, &order.shipping_address);
    let name = customer.name.split_whitespace();
    let values: [&str; 5] = [
        &customer.name,
        &customer.contact_email,
        &address.line1,
        &address.city,
        &address.postal_code,
    ];
    let token = token.authorization.to_str().unwrap_or_default();
    let sensitive = values
        .into_iter()
        .chain(customer.contact_phone.as_deref())
        .chain(name);
    problem::line(answer.body(), sensitive.chain(token.split_whitespace().skip(1)))
}

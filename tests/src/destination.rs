//! A model of the destination and its token endpoint, on tokio's clock, that fails in seeded ways.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use data_encoding::BASE64;
use futures::future::BoxFuture;
use http::{HeaderMap, StatusCode, header};
use reqwest::{Body, Request};
use serde_json::{Value, json};
use submit_orders::destination::transport::{Answer, Transport, Unreachable};
use tokio::time::Instant;

/// What the destination is like for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// It works.
    Fair,
    /// No connection.
    Down,
    /// Connections, but never an answer.
    Hanging,
    /// 503 to orders, sometimes with `Retry-After`.
    Busy,
    /// 429 to orders, with `Retry-After`.
    RateLimited,
    /// 403 to everybody.
    Forbidden,
    /// The token endpoint answers 500, orders work.
    NoTokens,
    /// Each request meets one of the others, or an answer that is lost after the order was stored.
    Mixed,
}

/// An order in the ledger.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The body of the POST that stored it.
    pub body: Bytes,
    /// How often it was posted after that.
    pub repeats: u64,
}

/// What is on record, and what rules.
#[derive(Debug)]
pub struct State {
    /// By order id.
    pub ledger: BTreeMap<String, Stored>,
    /// How many POSTs of orders arrived.
    pub posts: u64,
    /// How many token requests arrived.
    pub token_requests: u64,
    /// POSTs that came before the time that an earlier answer had asked for.
    pub too_early: Vec<String>,
    /// The client's secret that is accepted.
    pub client_secret: String,
    /// The weather, and from when on it is another: sorted.
    pub forecast: Vec<(Instant, Weather)>,
    /// Customers whose orders are refused.
    pub refused_customers: Vec<String>,
    not_before: BTreeMap<String, Instant>,
    tokens: u64,
    first_valid_token: u64,
    random: fastrand::Rng,
}

/// The destination. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Destination(Arc<Mutex<State>>);

/// The client that the model knows.
pub const CLIENT_ID: &str = "fixture-client";

impl Destination {
    /// A destination in fair weather.
    #[must_use]
    pub fn new(seed: u64, client_secret: &str) -> Self {
        Self(Arc::new(Mutex::new(State {
            ledger: BTreeMap::new(),
            posts: 0,
            token_requests: 0,
            too_early: Vec::new(),
            client_secret: client_secret.to_owned(),
            forecast: Vec::new(),
            refused_customers: Vec::new(),
            not_before: BTreeMap::new(),
            tokens: 0,
            first_valid_token: 1,
            random: fastrand::Rng::with_seed(seed),
        })))
    }

    /// Looks at, or changes, its state.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Makes all tokens invalid.
    pub fn revoke_tokens(&mut self) {
        self.first_valid_token = self.tokens + 1;
    }

    fn weather(&mut self) -> Weather {
        let now = Instant::now();
        let current = self.forecast.iter().take_while(|(from, _)| *from <= now).last();
        match current.map_or(Weather::Fair, |(_, weather)| *weather) {
            Weather::Mixed => match self.random.u32(..10) {
                0 => Weather::Down,
                1 => Weather::Hanging,
                2 => Weather::Busy,
                3 => Weather::RateLimited,
                4 => Weather::Forbidden,
                _ => Weather::Mixed,
            },
            weather => weather,
        }
    }

    fn token(&mut self, request: &Request) -> Answer {
        self.token_requests += 1;
        let expected = format!(
            "Basic {}",
            BASE64.encode(format!("{CLIENT_ID}:{}", self.client_secret).as_bytes())
        );
        if request.headers()[header::AUTHORIZATION] != expected.as_str() {
            return answer(401, &json!({"error": "invalid_client"}));
        }
        self.tokens += 1;
        let token = format!("fixture-token-{}", self.tokens);
        answer(
            200,
            &json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600}),
        )
    }

    fn order(&mut self, request: &Request) -> Answer {
        let token = request.headers()[header::AUTHORIZATION]
            .to_str()
            .unwrap_or_default();
        let token: u64 = token
            .rsplit('-')
            .next()
            .and_then(|number| number.parse().ok())
            .unwrap_or_default();
        if token < self.first_valid_token || token > self.tokens {
            return answer(401, &json!({}));
        }
        let body = request.body().and_then(Body::as_bytes).unwrap_or_default();
        let order: Value = serde_json::from_slice(body).expect("an order is JSON");
        let customer = order["customerInfo"]["id"].as_str().unwrap_or_default();
        if self.refused_customers.iter().any(|refused| refused == customer) {
            return answer(422, &json!({"title": "Refused", "detail": "by the model"}));
        }
        let id = order["orderId"].as_str().unwrap_or_default().to_owned();
        if let Some(stored) = self.ledger.get_mut(&id) {
            stored.repeats += 1;
            return answer(409, &json!({}));
        }
        self.ledger.insert(
            id,
            Stored {
                body: Bytes::copy_from_slice(body),
                repeats: 0,
            },
        );
        answer(201, &json!({}))
    }

    /// An answer that asks to wait, and the note that it did.
    fn wait(&mut self, status: u16, id: &str, most: u64) -> Answer {
        let mut wait = answer(status, &json!({}));
        if most > 0 {
            let secs = self.random.u64(..most);
            wait.headers_mut().insert(header::RETRY_AFTER, secs.into());
            self.not_before
                .insert(id.to_owned(), Instant::now() + Duration::from_secs(secs));
        }
        wait
    }

    /// # Returns
    /// `None` where no answer comes: at once, or ever.
    fn respond(&mut self, request: &Request) -> Result<Answer, Silence> {
        let is_order = request.url().path() == "/orders";
        let id = request
            .headers()
            .get("idempotency-key")
            .and_then(|id| id.to_str().ok())
            .unwrap_or("token");
        if is_order {
            self.posts += 1;
            if self
                .not_before
                .get(id)
                .is_some_and(|not_before| Instant::now() < *not_before)
            {
                self.too_early.push(id.to_owned());
            }
        }
        match self.weather() {
            Weather::Down => Err(Silence::Broken(Unreachable::NotConnected)),
            Weather::Hanging => Err(Silence::Forever),
            Weather::Busy if is_order => {
                let most = if self.random.bool() { 900 } else { 0 };
                Ok(self.wait(503, id, most))
            }
            Weather::RateLimited if is_order => Ok(self.wait(429, id, 120)),
            Weather::Forbidden => Ok(answer(403, &json!({}))),
            Weather::NoTokens if !is_order => Ok(answer(500, &json!({}))),
            Weather::Fair | Weather::Busy | Weather::RateLimited | Weather::NoTokens | Weather::Mixed => {
                let answer = if is_order {
                    self.order(request)
                } else {
                    self.token(request)
                };
                let lost = self.weather() == Weather::Mixed && self.random.u32(..5) == 0;
                if lost {
                    Err(Silence::Broken(Unreachable::Interrupted))
                } else {
                    Ok(answer)
                }
            }
        }
    }
}

enum Silence {
    Broken(Unreachable),
    Forever,
}

fn answer(status: u16, body: &Value) -> Answer {
    let mut answer = Answer::new(Bytes::from(body.to_string()));
    *answer.status_mut() = StatusCode::from_u16(status).expect("a status");
    *answer.headers_mut() = HeaderMap::new();
    answer
}

impl Transport for Destination {
    fn send(&self, request: Request, within: Duration) -> BoxFuture<'_, Result<Answer, Unreachable>> {
        let exchange = async move {
            let pause = |this: &Self| Duration::from_millis(this.state().random.u64(..400));
            tokio::time::sleep(pause(self)).await;
            let answer = self.state().respond(&request);
            tokio::time::sleep(pause(self)).await;
            match answer {
                Ok(answer) => Ok(answer),
                Err(Silence::Broken(how)) => Err(how),
                Err(Silence::Forever) => std::future::pending().await,
            }
        };
        Box::pin(async move {
            tokio::time::timeout(within, exchange)
                .await
                .unwrap_or(Err(Unreachable::TimedOut))
        })
    }
}

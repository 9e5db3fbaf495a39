//! A model of the destination and its token endpoint, on tokio's clock, with faults by seed.

mod condition;

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

pub use condition::{Condition, ConflictBehavior, LONG_UNDER_WAY, SHORT_UNDER_WAY};

/// An order in the ledger.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The body of the POST that stored it.
    pub body: Bytes,
    /// How often it was posted after that.
    pub repeats: u64,
}

/// A request whose client does not wait for the answer any more.
#[derive(Debug)]
struct UnderWay {
    until: Instant,
    body: Bytes,
    fails: bool,
}

/// What the destination has stored and counted, and how it is set.
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
    /// The conditions, each from an instant on: sorted.
    pub schedule: Vec<(Instant, Condition)>,
    /// Customers whose orders are answered 422.
    pub refused_customers: Vec<String>,
    /// Customers whose orders are answered 403.
    pub blocked_customers: Vec<String>,
    pub conflict_behavior: ConflictBehavior,
    /// When orders were answered 403, by order id.
    pub blocked: BTreeMap<String, Vec<Instant>>,
    /// When orders were answered as delivered.
    pub deliveries: Vec<Instant>,
    under_way: BTreeMap<String, UnderWay>,
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
    /// A healthy destination.
    #[must_use]
    pub fn new(seed: u64, client_secret: &str) -> Self {
        Self(Arc::new(Mutex::new(State {
            ledger: BTreeMap::new(),
            posts: 0,
            token_requests: 0,
            too_early: Vec::new(),
            client_secret: client_secret.to_owned(),
            schedule: Vec::new(),
            refused_customers: Vec::new(),
            blocked_customers: Vec::new(),
            conflict_behavior: ConflictBehavior::default(),
            blocked: BTreeMap::new(),
            deliveries: Vec::new(),
            under_way: BTreeMap::new(),
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

    fn condition(&mut self) -> Condition {
        let now = Instant::now();
        let current = self.schedule.iter().take_while(|(from, _)| *from <= now).last();
        match current.map_or(Condition::Healthy, |(_, condition)| *condition) {
            Condition::Mixed => match self.random.u32(..10) {
                0 => Condition::Down,
                1 => Condition::Hanging,
                2 => Condition::Overloaded,
                3 => Condition::RateLimited,
                4 => Condition::Slow,
                _ => Condition::Mixed,
            },
            condition => condition,
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

    fn order(&mut self, request: &Request, condition: Condition) -> Result<Answer, NoAnswer> {
        let token = request.headers()[header::AUTHORIZATION]
            .to_str()
            .unwrap_or_default();
        let token: u64 = token
            .rsplit('-')
            .next()
            .and_then(|number| number.parse().ok())
            .unwrap_or_default();
        if token < self.first_valid_token || token > self.tokens {
            return Ok(answer(401, &json!({})));
        }
        let body = request.body().and_then(Body::as_bytes).unwrap_or_default();
        let order: Value = serde_json::from_slice(body).expect("an order is JSON");
        let customer = fixture::example().customer_id(&order).unwrap_or_default();
        if self.refused_customers.iter().any(|refused| refused == customer) {
            return Ok(answer(
                422,
                &json!({"title": "Refused", "detail": "by the model"}),
            ));
        }
        let id = fixture::example().order_id(&order).unwrap_or_default().to_owned();
        if self.blocked_customers.iter().any(|blocked| blocked == customer) {
            return Ok(self.block(&id));
        }
        if self.under_way.contains_key(&id) {
            let status = if self.conflict_behavior.conflict_if_under_way {
                409
            } else {
                503
            };
            return Ok(answer(status, &json!({})));
        }
        if let Some(stored) = self.ledger.get_mut(&id) {
            stored.repeats += 1;
            self.deliveries.push(Instant::now());
            let status = if self.conflict_behavior.conflict_if_exists {
                409
            } else {
                201
            };
            return Ok(answer(status, &json!({})));
        }
        let body = Bytes::copy_from_slice(body);
        if condition == Condition::Slow && self.random.bool() {
            let request = UnderWay {
                until: Instant::now() + self.conflict_behavior.max_under_way.mul_f64(self.random.f64()),
                body,
                fails: self.conflict_behavior.under_way_may_fail && self.random.bool(),
            };
            self.under_way.insert(id, request);
            return Err(NoAnswer::Forever);
        }
        self.ledger.insert(id, Stored { body, repeats: 0 });
        self.deliveries.push(Instant::now());
        Ok(answer(201, &json!({})))
    }

    /// Ends the requests whose time has come.
    fn end_requests(&mut self) {
        let now = Instant::now();
        for (id, request) in self.under_way.extract_if(.., |_, request| request.until <= now) {
            if !request.fails {
                let body = request.body;
                self.ledger.insert(id, Stored { body, repeats: 0 });
            }
        }
    }

    fn block(&mut self, id: &str) -> Answer {
        self.blocked
            .entry(id.to_owned())
            .or_default()
            .push(Instant::now());
        answer(403, &json!({}))
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
    fn respond(&mut self, request: &Request) -> Result<Answer, NoAnswer> {
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
        self.end_requests();
        let condition = self.condition();
        match condition {
            Condition::Down => Err(NoAnswer::Broken(Unreachable::NotConnected)),
            Condition::Hanging => Err(NoAnswer::Forever),
            Condition::Overloaded if is_order => {
                let most = if self.random.bool() { 900 } else { 0 };
                Ok(self.wait(503, id, most))
            }
            Condition::RateLimited if is_order => Ok(self.wait(429, id, 120)),
            Condition::Forbidden => Ok(self.block(id)),
            Condition::NoTokens if !is_order => Ok(answer(500, &json!({}))),
            Condition::Healthy
            | Condition::Overloaded
            | Condition::RateLimited
            | Condition::NoTokens
            | Condition::Slow
            | Condition::Mixed => {
                let answer = if is_order {
                    self.order(request, condition)?
                } else {
                    self.token(request)
                };
                let lost = self.condition() == Condition::Mixed && self.random.u32(..5) == 0;
                if lost {
                    Err(NoAnswer::Broken(Unreachable::Interrupted))
                } else {
                    Ok(answer)
                }
            }
        }
    }
}

/// Why no answer comes.
enum NoAnswer {
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
                Err(NoAnswer::Broken(how)) => Err(how),
                Err(NoAnswer::Forever) => std::future::pending().await,
            }
        };
        Box::pin(async move {
            tokio::time::timeout(within, exchange)
                .await
                .unwrap_or(Err(Unreachable::TimedOut))
        })
    }
}

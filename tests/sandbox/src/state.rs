//! Everything that changes while the sandbox runs, behind one lock, with a notification for each change.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use axum::http::StatusCode;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::customers::Customers;
use crate::faults::{Call, Endpoint, Post, Rule};
use crate::record::{Counters, OrderRequest, Record};
use crate::settings::Settings;

/// The state as the server, its control interface and the [`Sandbox`](crate::Sandbox) share it.
pub(crate) struct Shared {
    state: Mutex<State>,
    changes: watch::Sender<u64>,
    freezes: AtomicU64,
    finishes: watch::Sender<u64>,
}

impl Shared {
    pub(crate) fn new(settings: Settings) -> Self {
        let state = State {
            settings,
            ..State::default()
        };
        Self {
            state: Mutex::new(state),
            changes: watch::Sender::new(0),
            freezes: AtomicU64::new(0),
            finishes: watch::Sender::new(0),
        }
    }

    /// Every connection that is idle now answers its next request by RST.
    pub(crate) fn freeze(&self) {
        self.freezes.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn freezes(&self) -> u64 {
        self.freezes.load(Ordering::Relaxed)
    }

    /// Ends every request that is under way.
    pub(crate) fn finish_requests(&self) {
        self.finishes.send_modify(|count| *count += 1);
    }

    /// Notifies of the next call of [`Shared::finish_requests`].
    pub(crate) fn finishes(&self) -> watch::Receiver<u64> {
        self.finishes.subscribe()
    }

    pub(crate) fn read<R>(&self, look: impl FnOnce(&State) -> R) -> R {
        look(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let result = change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.changes.send_modify(|count| *count += 1);
        result
    }

    /// Notifies of every change after this call.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

#[derive(Default)]
pub(crate) struct State {
    pub(crate) settings: Settings,
    pub(crate) rules: Vec<Rule>,
    pub(crate) record: Record,
    pub(crate) tokens: HashMap<String, Token>,
    /// Ids of orders whose first POST has not ended.
    pub(crate) under_way: HashSet<String>,
    attempts: HashMap<String, u64>,
    /// Keys, secrets and tokens that are no longer valid, and still must not occur in a log.
    former_credentials: Vec<String>,
}

/// A token that was issued.
pub(crate) struct Token {
    pub(crate) valid_from: Instant,
    pub(crate) expires: Instant,
    pub(crate) uses: u64,
}

/// Operations of the control interface and the library.
impl State {
    pub(crate) fn set_rules(&mut self, rules: Vec<Rule>) {
        self.record.rule_hits = vec![0; rules.len()];
        self.rules = rules;
    }

    pub(crate) fn set_customers(&mut self, customers: Customers) {
        self.settings.customers = customers;
    }

    pub(crate) fn revoke_tokens(&mut self) {
        self.former_credentials
            .extend(self.tokens.drain().map(|(token, _)| token));
    }

    pub(crate) fn rotate_client_secret(&mut self, client_secret: String) {
        let former = std::mem::replace(&mut self.settings.client_secret, client_secret);
        self.former_credentials.push(former);
    }

    pub(crate) fn rotate_api_key(&mut self, api_key: String) {
        let former = std::mem::replace(&mut self.settings.api_key, api_key);
        self.former_credentials.push(former);
    }

    pub(crate) fn reset(&mut self) {
        self.revoke_tokens();
        self.rules.clear();
        self.attempts.clear();
        let posts_in_flight = self.record.counters.posts_in_flight;
        let counters = Counters {
            posts_in_flight,
            ..Counters::default()
        };
        self.record = Record {
            counters,
            ..Record::default()
        };
    }

    pub(crate) fn credentials(&self) -> Vec<String> {
        let now = [&self.settings.api_key, &self.settings.client_secret];
        let destination_key = self.settings.destination_api_key.as_ref();
        let all = now
            .into_iter()
            .chain(destination_key.map(|(_, key)| key))
            .chain(self.tokens.keys())
            .chain(&self.former_credentials);
        all.cloned().collect()
    }
}

/// Accounting of requests.
impl State {
    /// Counts a request to `/customers` or `/oauth/token`, and finds the rule that applies.
    pub(crate) fn arrived(&mut self, endpoint: Endpoint) -> Option<Rule> {
        let number = self.count(endpoint);
        self.rule_for(&Call {
            endpoint,
            number,
            post: None,
        })
    }

    /// Counts a POST to `/orders`, and finds the rule that applies. The number is for [`State::order_answered`].
    pub(crate) fn order_arrived(
        &mut self,
        order_id: &str,
        customer_id: &str,
        body: &[u8],
    ) -> (usize, Option<Rule>) {
        let number = self.count(Endpoint::Orders);
        let counters = &mut self.record.counters;
        counters.posts_in_flight += 1;
        counters.max_posts_in_flight = counters.max_posts_in_flight.max(counters.posts_in_flight);
        let attempt = self.attempts.entry(order_id.to_owned()).or_default();
        *attempt += 1;
        let attempt = *attempt;
        self.record.order_requests.push(OrderRequest {
            order_id: order_id.to_owned(),
            customer_id: customer_id.to_owned(),
            attempt,
            status: None,
        });
        let post = Some(Post {
            order_id,
            customer_id,
            attempt,
            body,
        });
        let rule = self.rule_for(&Call {
            endpoint: Endpoint::Orders,
            number,
            post,
        });
        (self.record.order_requests.len() - 1, rule)
    }

    pub(crate) fn order_answered(&mut self, request: usize, order_id: &str, status: StatusCode) {
        self.answered(Endpoint::Orders, status);
        // After a reset, another request may be in this place.
        let request = self
            .record
            .order_requests
            .get_mut(request)
            .filter(|request| request.order_id == order_id);
        if let Some(request) = request {
            request.status = Some(status.as_u16());
        }
    }

    pub(crate) fn answered(&mut self, endpoint: Endpoint, status: StatusCode) {
        let counters = &mut self.record.counters;
        let statuses = match endpoint {
            Endpoint::Customers => &mut counters.source_statuses,
            Endpoint::Token => &mut counters.token_statuses,
            Endpoint::Orders => &mut counters.order_statuses,
        };
        *statuses.entry(status.as_u16()).or_default() += 1;
    }

    fn count(&mut self, endpoint: Endpoint) -> u64 {
        let counters = &mut self.record.counters;
        let requests = match endpoint {
            Endpoint::Customers => &mut counters.source_requests,
            Endpoint::Token => &mut counters.token_requests,
            Endpoint::Orders => &mut counters.order_posts,
        };
        *requests += 1;
        *requests
    }

    fn rule_for(&mut self, call: &Call<'_>) -> Option<Rule> {
        let (rule, hits) = self
            .rules
            .iter()
            .zip(&mut self.record.rule_hits)
            .find(|(rule, _)| rule.matches(call))?;
        *hits += 1;
        Some(rule.clone())
    }
}

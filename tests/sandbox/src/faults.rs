//! Rules that choose the requests with which the sandbox misbehaves.

use std::ops::{RangeFrom, RangeInclusive};

use serde::Deserialize;

use crate::action::Action;
use crate::dice;

/// Of all rules that match a request, the first applies. A condition that is left out matches everything.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub endpoint: Endpoint,
    /// Only posts of this order.
    #[serde(default)]
    pub order_id: Option<String>,
    /// Only posts of this customer's orders.
    #[serde(default)]
    pub customer_id: Option<String>,
    /// Only posts whose body contains this text.
    #[serde(default)]
    pub body_contains: Option<String>,
    /// Only these posts of one and the same order, counted from 1 for each order.
    #[serde(default)]
    pub attempts: Option<Numbers>,
    /// Only these requests to the endpoint, counted from 1.
    #[serde(default)]
    pub calls: Option<Numbers>,
    /// Only a share of the requests, by chance.
    #[serde(default)]
    pub chance: Option<Chance>,
    /// Milliseconds before anything else happens. If the client goes away within them, nothing is processed.
    #[serde(default)]
    pub latency_ms: u64,
    #[serde(default)]
    pub action: Action,
}

impl Rule {
    /// `action` on every request to `endpoint`.
    pub fn on(endpoint: Endpoint, action: impl Into<Action>) -> Self {
        Self {
            endpoint,
            order_id: None,
            customer_id: None,
            body_contains: None,
            attempts: None,
            calls: None,
            chance: None,
            latency_ms: 0,
            action: action.into(),
        }
    }

    /// Only on posts of this order.
    pub fn order(mut self, order_id: impl Into<String>) -> Self {
        self.order_id = Some(order_id.into());
        self
    }

    /// Only on posts of this customer's orders.
    pub fn customer(mut self, customer_id: impl Into<String>) -> Self {
        self.customer_id = Some(customer_id.into());
        self
    }

    /// Only on posts whose body contains `text`.
    pub fn body_contains(mut self, text: impl Into<String>) -> Self {
        self.body_contains = Some(text.into());
        self
    }

    /// Only on these posts of each order: `1`, `[1, 3]`, `1..=3` or `2..`.
    pub fn attempts(mut self, attempts: impl Into<Numbers>) -> Self {
        self.attempts = Some(attempts.into());
        self
    }

    /// Only on these requests to the endpoint: `1`, `[1, 3]`, `1..=3` or `2..`.
    pub fn calls(mut self, calls: impl Into<Numbers>) -> Self {
        self.calls = Some(calls.into());
        self
    }

    /// Only on about `percent` of 100 requests; the same ones for the same `seed`.
    pub fn chance(mut self, percent: u64, seed: u64) -> Self {
        self.chance = Some(Chance {
            percent,
            seed,
            whole_orders: false,
        });
        self
    }

    /// Only on the posts of about `percent` of 100 orders: on every post of the same ones for the same `seed`.
    pub fn share_of_orders(mut self, percent: u64, seed: u64) -> Self {
        self.chance = Some(Chance {
            percent,
            seed,
            whole_orders: true,
        });
        self
    }

    /// After this many milliseconds.
    pub fn latency_ms(mut self, latency_ms: u64) -> Self {
        self.latency_ms = latency_ms;
        self
    }

    pub(crate) fn matches(&self, call: &Call<'_>) -> bool {
        let attempt = call.post.as_ref().map(|post| post.attempt);
        let wants = |wanted: &Option<String>, actual: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| actual == Some(wanted))
        };
        self.endpoint == call.endpoint
            && wants(&self.order_id, call.post.as_ref().map(|post| post.order_id))
            && wants(&self.customer_id, call.post.as_ref().map(|post| post.customer_id))
            && self.body_contains.as_ref().is_none_or(|text| {
                let body = call.post.as_ref().map(|post| post.body).unwrap_or_default();
                String::from_utf8_lossy(body).contains(text)
            })
            && self
                .attempts
                .as_ref()
                .is_none_or(|wanted| attempt.is_some_and(|n| wanted.contain(n)))
            && self
                .calls
                .as_ref()
                .is_none_or(|wanted| wanted.contain(call.number))
            && self.chance.is_none_or(|chance| chance.matches(call))
    }
}

/// A request, as a rule matches it.
pub(crate) struct Call<'a> {
    pub(crate) endpoint: Endpoint,
    /// Counted from 1 for each endpoint.
    pub(crate) number: u64,
    pub(crate) post: Option<Post<'a>>,
}

/// A POST to `/orders` before it is processed.
pub(crate) struct Post<'a> {
    pub(crate) order_id: &'a str,
    pub(crate) customer_id: &'a str,
    pub(crate) attempt: u64,
    pub(crate) body: &'a [u8],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Endpoint {
    /// `GET /customers`
    Customers,
    /// `POST /oauth/token`
    Token,
    /// `POST /orders`
    Orders,
}

/// A set of whole numbers: in JSON `[1, 3]` or `{"from": 1, "to": 3}`, where `to` may be left out.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Numbers {
    List(Vec<u64>),
    Range {
        from: u64,
        /// Inclusive.
        #[serde(default)]
        to: Option<u64>,
    },
}

impl Numbers {
    fn contain(&self, number: u64) -> bool {
        match self {
            Self::List(list) => list.contains(&number),
            Self::Range { from, to } => *from <= number && to.is_none_or(|to| number <= to),
        }
    }
}

impl From<u64> for Numbers {
    fn from(number: u64) -> Self {
        Self::List(vec![number])
    }
}

impl<const N: usize> From<[u64; N]> for Numbers {
    fn from(list: [u64; N]) -> Self {
        Self::List(list.into())
    }
}

impl From<RangeInclusive<u64>> for Numbers {
    fn from(range: RangeInclusive<u64>) -> Self {
        Self::Range {
            from: *range.start(),
            to: Some(*range.end()),
        }
    }
}

impl From<RangeFrom<u64>> for Numbers {
    fn from(range: RangeFrom<u64>) -> Self {
        Self::Range {
            from: range.start,
            to: None,
        }
    }
}

/// A share of requests that depends on the seed and the request alone: an order's id and attempt, or the number of the
/// call.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chance {
    /// 0 to 100.
    pub percent: u64,
    /// Other seeds choose other requests.
    #[serde(default)]
    pub seed: u64,
    /// All posts of an order are chosen, or none.
    #[serde(default)]
    pub whole_orders: bool,
}

impl Chance {
    fn matches(self, call: &Call<'_>) -> bool {
        let (which, number) = match &call.post {
            Some(post) if self.whole_orders => (post.order_id, 0),
            Some(post) => (post.order_id, post.attempt),
            None => ("", call.number),
        };
        dice::roll(self.seed ^ dice::number_of(which), number) % 100 < self.percent
    }
}

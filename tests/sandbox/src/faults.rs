//! The rules by which the sandbox misbehaves: which requests they choose.

use std::ops::{RangeFrom, RangeInclusive};

use serde::Deserialize;

use crate::action::Action;
use crate::dice;

/// One rule. Of all rules that match a request, the first applies; conditions left out match everything.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The endpoint whose requests this is about.
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
    /// Only some, by chance.
    #[serde(default)]
    pub chance: Option<Chance>,
    /// Milliseconds before anything else happens. A client that goes away meanwhile was never heard.
    #[serde(default)]
    pub latency_ms: u64,
    /// What then happens.
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
            && self.chance.is_none_or(|chance| chance.strikes(call))
    }
}

/// What a rule is asked about.
pub(crate) struct Call<'a> {
    pub(crate) endpoint: Endpoint,
    /// The how manieth request to the endpoint.
    pub(crate) number: u64,
    /// Of a POST to `/orders`.
    pub(crate) post: Option<Post<'a>>,
}

/// What is known of a POST to `/orders` before it is judged.
pub(crate) struct Post<'a> {
    pub(crate) order_id: &'a str,
    pub(crate) customer_id: &'a str,
    pub(crate) attempt: u64,
    pub(crate) body: &'a [u8],
}

/// One of the three that the sandbox plays.
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

/// A choice of whole numbers: in JSON `[1, 3]` or `{"from": 1, "to": 3}`, where `to` may be left out.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Numbers {
    /// These.
    List(Vec<u64>),
    /// These and all between.
    Range {
        /// The first.
        from: u64,
        /// The last, if there is one.
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

/// A share of requests, told from the seed and the request alone: an order's attempts, a call's number.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Chance {
    /// Of 100.
    pub percent: u64,
    /// Other seeds strike other requests.
    #[serde(default)]
    pub seed: u64,
    /// An order's posts are all struck, or none of them.
    #[serde(default)]
    pub whole_orders: bool,
}

impl Chance {
    fn strikes(self, call: &Call<'_>) -> bool {
        let (which, number) = match &call.post {
            Some(post) if self.whole_orders => (post.order_id, 0),
            Some(post) => (post.order_id, post.attempt),
            None => ("", call.number),
        };
        dice::roll(self.seed ^ dice::number_of(which), number) % 100 < self.percent
    }
}

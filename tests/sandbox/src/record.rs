//! What the sandbox recorded, for assertions and for people.

use std::collections::BTreeMap;

use bytes::Bytes;
use fixture::{Change, Example};
use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::ClientAuth;

/// Everything since the start or the last reset.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Record {
    pub counters: Counters,
    /// The stored orders, by order id.
    pub ledger: BTreeMap<String, LedgerEntry>,
    /// Every POST to `/orders`, in the order of arrival.
    pub order_requests: Vec<OrderRequest>,
    /// Every POST to `/oauth/token` that was processed, in the order of arrival.
    pub token_requests: Vec<TokenRequest>,
    /// How often each rule was applied, in the rules' order.
    pub rule_hits: Vec<u64>,
}

/// A request without an answer is in no map of statuses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counters {
    /// Requests to `/customers`.
    pub source_requests: u64,
    /// Customers in the source's answers.
    pub customers_served: u64,
    /// Requests to `/oauth/token`.
    pub token_requests: u64,
    pub token_grants: u64,
    /// Requests to `/orders`.
    pub order_posts: u64,
    /// Stored orders: the length of the ledger.
    pub orders_stored: u64,
    /// POSTs of an order that exists.
    pub orders_duplicate: u64,
    /// Requests to `/orders` that wait for their answer now.
    pub posts_in_flight: u64,
    /// The maximum of `posts_in_flight`.
    pub max_posts_in_flight: u64,
    /// Answers of `/customers` by status.
    pub source_statuses: BTreeMap<u16, u64>,
    /// Answers of `/oauth/token` by status.
    pub token_statuses: BTreeMap<u16, u64>,
    /// Answers of `/orders` by status.
    pub order_statuses: BTreeMap<u16, u64>,
}

#[derive(Clone, Debug, Serialize)]
pub struct LedgerEntry {
    /// As parsed.
    pub order: Value,
    /// The order's own.
    #[serde(skip)]
    pub order_date: String,
    /// The exact bytes of the first POST.
    #[serde(serialize_with = "as_text")]
    pub body: Bytes,
    /// How often it was posted and got as far as the ledger: 1, and 1 more for each 409.
    pub posts: u64,
}

impl LedgerEntry {
    /// Whether the order is `expected`, whatever its id and its order date are.
    pub fn is(&self, expected: &Value) -> bool {
        let Example {
            order,
            order_id_pointer,
            order_date_pointer,
            ..
        } = fixture::example();
        let mut found = self.order.clone();
        for pointer in [order_id_pointer, order_date_pointer] {
            found.set(pointer, order.pointer(pointer).cloned().unwrap_or_default());
        }
        found == *expected
    }
}

/// One POST to `/orders`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderRequest {
    /// The order's id; where there is none, the idempotency key; else empty.
    pub order_id: String,
    /// The id of the order's customer, or empty.
    pub customer_id: String,
    /// 1 for the first POST with this order id, whatever became of it.
    pub attempt: u64,
    /// The status answered; none while it waits, and where it never got an answer.
    pub status: Option<u16>,
}

/// One POST to `/oauth/token`, without its secret.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TokenRequest {
    /// The client it claimed to be.
    pub client_id: Option<String>,
    /// How it showed that.
    pub client_auth: Option<ClientAuth>,
    /// The scope it asked for.
    pub scope: Option<String>,
    /// The audience it asked for.
    pub audience: Option<String>,
    /// The status answered.
    pub status: u16,
}

fn as_text<S: Serializer>(body: &Bytes, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&String::from_utf8_lossy(body))
}

//! The source's customers: given ones, or ones generated from a seed.

mod draft;
mod made_up;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::order::{CustomerInfo, ShippingAddress};

pub use made_up::customer;

/// A generated customer and its expected outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// The `customer_id` as text; none where the element has none.
    pub id: Option<String>,
    /// The element of the source's array, verbatim.
    pub json: String,
    pub expected: Expected,
}

/// The expected outcome of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// One order with these parts.
    Order {
        customer_info: CustomerInfo,
        shipping_address: ShippingAddress,
    },
    /// A dead letter.
    Rejected {
        /// The attribute `reason`.
        reason: &'static str,
        /// The source's field that the attribute `detail` names.
        field: &'static str,
    },
}

impl Expected {
    pub fn is_order(&self) -> bool {
        match self {
            Self::Order { .. } => true,
            Self::Rejected { .. } => false,
        }
    }
}

/// The first `count` customers of `seed`, about 3 % of them invalid.
pub fn generate(count: u64, seed: u64) -> Vec<Customer> {
    (0..count).map(|index| customer(index, seed)).collect()
}

/// Values of these customers that must not occur in a log: names, e-mail addresses, phones, streets.
pub fn canaries(customers: &[Customer]) -> Vec<String> {
    without_repeats(
        customers
            .iter()
            .flat_map(|customer| personal_data(customer.json.as_bytes()))
            .collect(),
    )
}

#[derive(Clone, Debug)]
pub enum Customers {
    /// These elements, verbatim.
    Given(Arc<[String]>),
    /// These bytes in place of elements, which need not be JSON.
    Bytes(Arc<[Bytes]>),
    /// Those of [`customer`], generated while they are sent: memory does not grow with their number.
    MadeUp { count: u64, seed: u64 },
}

impl Default for Customers {
    fn default() -> Self {
        Self::Given(Arc::default())
    }
}

impl From<Vec<Customer>> for Customers {
    fn from(customers: Vec<Customer>) -> Self {
        Self::Given(customers.into_iter().map(|customer| customer.json).collect())
    }
}

impl Customers {
    /// The elements of a JSON array, each as it is written there.
    ///
    /// # Errors
    /// Where it is not JSON, or not an array.
    pub fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        let elements: Vec<&RawValue> = serde_json::from_slice(json)?;
        Ok(Self::Given(
            elements.iter().map(|element| element.get().to_owned()).collect(),
        ))
    }

    /// These bytes in place of elements, which need not be JSON.
    pub fn bytes<B: Into<Bytes>>(elements: impl IntoIterator<Item = B>) -> Self {
        Self::Bytes(elements.into_iter().map(Into::into).collect())
    }

    pub fn count(&self) -> u64 {
        match self {
            Self::Given(elements) => elements.len() as u64,
            Self::Bytes(elements) => elements.len() as u64,
            Self::MadeUp { count, .. } => *count,
        }
    }

    /// The element at `index`, which is below [`Customers::count`].
    pub(crate) fn json(&self, index: u64) -> Cow<'_, [u8]> {
        let at = usize::try_from(index).unwrap_or(usize::MAX);
        match self {
            Self::Given(elements) => {
                let element = elements.get(at);
                Cow::Borrowed(element.map(String::as_bytes).unwrap_or_default())
            }
            Self::Bytes(elements) => Cow::Borrowed(elements.get(at).map(Bytes::as_ref).unwrap_or_default()),
            Self::MadeUp { seed, .. } => Cow::Owned(customer(index, *seed).json.into_bytes()),
        }
    }

    /// The index of the first customer with this `customer_id`.
    pub(crate) fn index_of(&self, id: &str) -> Option<u64> {
        let has_id = |index: &u64| {
            let customer: Value = serde_json::from_slice(&self.json(*index)).unwrap_or_default();
            let found = customer.get("customer_id");
            found.is_some_and(|found| text_of(found) == id)
        };
        // Most made-up customers have an id that says where they are; all others are searched for.
        let number: Option<u64> = id.parse().ok();
        let guess = number.and_then(|number| number.checked_sub(draft::FIRST_ID));
        let guess = guess.filter(|index| *index < self.count());
        guess.filter(has_id).or_else(|| (0..self.count()).find(has_id))
    }

    pub(crate) fn canaries(&self) -> Vec<String> {
        (0..self.count())
            .flat_map(|index| personal_data(&self.json(index)))
            .collect()
    }
}

fn text_of(json: &Value) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}

/// Shorter texts occur in logs by chance.
const SHORTEST_CANARY: usize = 6;

fn personal_data(json: &[u8]) -> Vec<String> {
    let value: Value = serde_json::from_slice(json).unwrap_or_default();
    let fields = [
        "",
        "/first_name",
        "/last_name",
        "/email",
        "/phone",
        "/address/street",
    ];
    let texts = fields
        .iter()
        .filter_map(|field| value.pointer(field).and_then(Value::as_str));
    // A log line is JSON, which escapes some characters: the parts between them are searched for.
    let escaped = |c: char| c.is_control() || matches!(c, '"' | '\\');
    let parts = texts.flat_map(|text| text.split(escaped).map(str::trim));
    parts
        .filter(|part| part.len() >= SHORTEST_CANARY)
        .map(str::to_owned)
        .collect()
}

pub(crate) fn without_repeats(mut texts: Vec<String>) -> Vec<String> {
    let mut seen = HashSet::new();
    texts.retain(|text| seen.insert(text.clone()));
    texts
}

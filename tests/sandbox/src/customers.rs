//! The source's customers: given ones, or ones generated from a seed.

mod draft;
mod expected;
mod made_up;

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
use serde_json::value::RawValue;

pub use expected::{Customer, Expected};
pub use made_up::customer;

/// The first `count` customers of `seed`, about 3 % of them invalid.
pub fn generate(count: u64, seed: u64) -> Vec<Customer> {
    (0..count).map(|index| customer(index, seed)).collect()
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

impl<const N: usize> From<[Value; N]> for Customers {
    fn from(elements: [Value; N]) -> Self {
        Self::Given(elements.iter().map(Value::to_string).collect())
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

    /// All elements in their order, verbatim.
    pub fn elements(&self) -> impl Iterator<Item = Cow<'_, [u8]>> {
        (0..self.count()).map(|index| self.json(index))
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

    /// The index of the first customer whose id, in the field of this name, is `id`.
    pub(crate) fn index_of(&self, id: &str, name: &str) -> Option<u64> {
        let has_id = |index: &u64| {
            let customer: Value = serde_json::from_slice(&self.json(*index)).unwrap_or_default();
            let found = customer.get(name);
            found.is_some_and(|found| text_of(found) == id)
        };
        // Most made-up customers have an id that says where they are; all others are searched for.
        let number: Option<u64> = id.parse().ok();
        let guess = number.and_then(|number| number.checked_sub(draft::FIRST_ID));
        let guess = guess.filter(|index| *index < self.count());
        guess.filter(has_id).or_else(|| (0..self.count()).find(has_id))
    }
}

fn text_of(json: &Value) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}

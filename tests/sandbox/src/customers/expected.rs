//! A generated customer and its expected outcome.

use serde_json::Value;

/// A generated customer and its expected outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    /// The id as text; none where the element has none.
    pub id: Option<String>,
    /// The element of the source's array, verbatim.
    pub json: String,
    pub expected: Expected,
}

/// The expected outcome of a customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// This order, but with an id and an order date of its own: it has those of the example.
    Order(Value),
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
            Self::Order(_) => true,
            Self::Rejected { .. } => false,
        }
    }
}

//! The customers, and the orders expected of them.

use std::{fmt::Write, sync::Arc, sync::LazyLock};

use data_encoding::{Encoding, Specification};
use fixture::Change;
use sandbox::Expected;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The order date of every run.
pub(crate) const ORDER_DATE: &str = "2023-10-15T14:30:00Z";

/// Customers of the source.
#[derive(Clone)]
pub(crate) enum Customers {
    /// So many, each minimal and generated when needed: neither generating nor storing them may affect the measurement.
    Plain(u64),
    /// These, with every variant that the rules allow and some that they do not.
    Given(Arc<[sandbox::Customer]>),
}

impl Default for Customers {
    fn default() -> Self {
        Self::Plain(0)
    }
}

/// The largest body of a message: 16 KiB are free for a dead letter's attributes.
const MAX_BODY: usize = 1024 * 1024 - 16 * 1024;

impl Customers {
    /// As large as fits into a message, of characters that take twice the space in a request.
    pub(crate) fn largest(count: u64) -> Self {
        let customer = |index: u64, note: usize| sandbox::Customer {
            id: Some((FIRST_ID + index).to_string()),
            json: fixture::only_id(FIRST_ID + index)
                .with("/note", "\"".repeat(note))
                .to_string(),
            // No order is made of it.
            expected: Expected::Rejected {
                reason: "",
                field: "",
            },
        };
        let frame = Self::Given([customer(0, 0)].into()).message(0).len();
        let note = (MAX_BODY - frame) / 2;
        Self::Given((0..count).map(|index| customer(index, note)).collect())
    }

    pub(crate) fn count(&self) -> u64 {
        match self {
            Self::Plain(count) => *count,
            Self::Given(customers) => customers.len() as u64,
        }
    }

    /// Writes the JSON of the customer at `index` to the end of `text`.
    pub(crate) fn write(&self, index: u64, text: &mut String) {
        match self {
            Self::Plain(_) => {
                PLAIN.iter().for_each(|piece| piece.write(index, text));
            }
            Self::Given(customers) => {
                let customer = usize::try_from(index).ok().and_then(|index| customers.get(index));
                text.push_str(
                    customer
                        .map(|customer| customer.json.as_str())
                        .unwrap_or_default(),
                );
            }
        }
    }

    /// The body of the message with the customer at `index`.
    pub(crate) fn message(&self, index: u64) -> String {
        let mut body = format!(r#"{{"order_date":"{ORDER_DATE}","customer":"#);
        self.write(index, &mut body);
        body.push('}');
        body
    }

    /// The order expected of the customer at `index`, if one is.
    pub(crate) fn order(&self, index: u64) -> Option<Value> {
        let order = match self {
            Self::Plain(_) => plain(index),
            Self::Given(customers) => {
                let customer = customers.get(usize::try_from(index).ok()?)?;
                match customer.expected.clone() {
                    Expected::Order(order) => order,
                    Expected::Rejected { .. } => return None,
                }
            }
        };
        let example = fixture::example();
        let id = expected_id(example.customer_id(&order)?);
        Some(
            order
                .with(&example.order_id_pointer, id)
                .with(&example.order_date_pointer, ORDER_DATE),
        )
    }
}

/// The id of an order.
pub(crate) fn order_id(order: &Value) -> &str {
    fixture::example().order_id(order).unwrap_or_default()
}

/// So that all ids have the same length.
const FIRST_ID: u64 = 100_000_000;

fn zip(index: u64) -> u64 {
    index * 7919 % 100_000
}

/// A plain customer's JSON, cut where each customer has a value of its own.
static PLAIN: LazyLock<Vec<Piece>> = LazyLock::new(|| {
    let customer = fixture::customer_with_id("<id>")
        .with("/first_name", "Given<index>")
        .with("/last_name", "Family<index>")
        .with("/email", "customer-<index>@example.com")
        .with("/phone", "555-01<phone>")
        .with("/address/street", "<index> Fixture Street")
        .with("/address/zip", "<zip>")
        .to_string();
    let pieces = customer.split_inclusive('>').flat_map(|part| {
        let (text, marker) = part.rsplit_once('<').unwrap_or((part, ""));
        let value = match marker {
            "id>" => Some(Piece::Id),
            "index>" => Some(Piece::Index),
            "phone>" => Some(Piece::Phone),
            "zip>" => Some(Piece::Zip),
            _ => None,
        };
        std::iter::once(Piece::Text(text.to_owned())).chain(value)
    });
    pieces.collect()
});

enum Piece {
    Text(String),
    Id,
    Index,
    Phone,
    Zip,
}

impl Piece {
    fn write(&self, index: u64, text: &mut String) {
        // Writing to a `String` does not fail.
        let _ = match self {
            Self::Text(piece) => text.write_str(piece),
            Self::Id => write!(text, "{}", FIRST_ID + index),
            Self::Index => write!(text, "{index}"),
            Self::Phone => write!(text, "{:02}", index % 100),
            Self::Zip => write!(text, "{:05}", zip(index)),
        };
    }
}

/// The order of a plain customer.
fn plain(index: u64) -> Value {
    fixture::order()
        .with("/customerInfo/id", (FIRST_ID + index).to_string())
        .with("/customerInfo/name", format!("Given{index} Family{index}"))
        .with(
            "/customerInfo/contactEmail",
            format!("customer-{index}@example.com"),
        )
        .with("/customerInfo/contactPhone", format!("555-01{:02}", index % 100))
        .with("/shippingAddress/line1", format!("{index} Fixture Street"))
        .with("/shippingAddress/postalCode", format!("{:05}", zip(index)))
}

/// Crockford's base32.
static BASE32: LazyLock<Option<Encoding>> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("0123456789ABCDEFGHJKMNPQRSTVWXYZ");
    specification.encoding().ok()
});

/// The id of a customer's order at [`ORDER_DATE`], an implementation of its own: a benchmark that called the function's
/// code would accept any id.
fn expected_id(customer_id: &str) -> String {
    let hash = Sha256::digest(format!("{customer_id}\n{ORDER_DATE}"));
    let code = BASE32.as_ref().map(|base32| base32.encode(&hash));
    format!("ORD-20231015-{:.16}", code.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn order_id_matches_the_contract() {
        assert_eq!(expected_id("123"), "ORD-20231015-TSKDTY56PWC8QZC3");
    }

    #[test]
    fn plain_customer_matches_its_order() {
        let message: Value = serde_json::from_str(&Customers::Plain(1000).message(7)).unwrap();
        let customer = &message["customer"];
        let order = Customers::Plain(1000).order(7).unwrap();
        assert_eq!(message["order_date"], ORDER_DATE);
        assert_eq!(customer[fixture::ID], order["customerInfo"]["id"]);
        assert_eq!(customer["email"], order["customerInfo"]["contactEmail"]);
        assert_eq!(customer["phone"], "555-0107");
        assert_eq!(order["customerInfo"]["contactPhone"], "555-0107");
        assert_eq!(customer["address"]["street"], order["shippingAddress"]["line1"]);
        assert_eq!(customer["address"]["zip"], "55433");
        assert_eq!(order["shippingAddress"]["postalCode"], "55433");
    }
}

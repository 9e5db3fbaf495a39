//! The identity of an order.

use std::{fmt, sync::LazyLock};

use data_encoding::{Encoding, Specification};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{domain::customer_id::CustomerId, domain::order_date::OrderDate};

/// The identity of an order: `ORD-`, the order date's day in UTC, `-`, and 80 bits of a hash of the customer's id
/// and the order date.
///
/// 80 bits are 16 characters; a million orders of one day share one with a chance of 1 in 10¹².
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct OrderId(String);

/// Crockford's base32: no letter that is read as a digit.
static BASE32: LazyLock<Option<Encoding>> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("0123456789ABCDEFGHJKMNPQRSTVWXYZ");
    specification.encoding().ok()
});

impl OrderId {
    /// The id of the order of `customer` at `order_date`: a pure function of the two.
    #[must_use]
    pub fn new(customer: &CustomerId, order_date: OrderDate) -> Self {
        let date = order_date.to_string();
        let hash = Sha256::digest(format!("{customer}\n{date}"));
        let start = hash.first_chunk::<10>().map_or(&[][..], |bytes| bytes);
        let code = BASE32
            .as_ref()
            .map(|base32| base32.encode(start))
            .unwrap_or_default();
        let part = |range| date.get(range).unwrap_or_default();
        let (year, month, day) = (part(0..4), part(5..7), part(8..10));
        Self(format!("ORD-{year}{month}{day}-{code}"))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OrderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;

    use super::*;

    fn id(customer_id: &str, date: &str) -> String {
        let customer_id = RawValue::from_string(customer_id.to_owned()).unwrap();
        OrderId::new(
            &CustomerId::from_json(&customer_id).unwrap(),
            date.parse().unwrap(),
        )
        .to_string()
    }

    #[test]
    fn day_is_that_of_utc() {
        let id = id("123", "2023-12-31T23:30:00-01:00");
        assert!(id.starts_with("ORD-20240101-"), "{id}");
    }

    #[test]
    fn one_instant_has_one_id_in_every_spelling() {
        for (customer_id, date) in [
            (r#""123""#, "2023-10-15T14:30:00Z"),
            ("123", "2023-10-15T16:30:00.5+02:00"),
        ] {
            assert_eq!(
                id(customer_id, date),
                "ORD-20231015-TSKDTY56PWC8QZC3",
                "{customer_id} {date}"
            );
        }
    }
}

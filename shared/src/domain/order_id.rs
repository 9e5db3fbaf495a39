//! The identity of an order.

use std::{fmt, sync::LazyLock};

use data_encoding::{Encoding, Specification};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{domain::customer_id::CustomerId, domain::order_date::OrderDate};

/// What makes two orders of a customer the same order: the destination keeps one for each value of this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OneOrderPer {
    /// Each order date is another order.
    #[default]
    Run,
    /// Each day of the order date, in UTC, is another order.
    Day,
    /// Each month of the order date, in UTC, is another order.
    Month,
    /// A customer has one order, ever.
    Customer,
}

/// An order's identity: `ORD-`, the period and `-` (none if there is one order per customer), and 80 bits of
/// SHA-256(customer id, line feed, key).
///
/// 80 bits are 16 characters; a million orders of one period share one with a chance of 1 in 10¹².
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
    /// The id of the order of `customer` at `order_date`: a pure function of its arguments.
    pub fn new(customer: &CustomerId, order_date: OrderDate, one_order_per: OneOrderPer) -> Self {
        let date = order_date.to_string();
        let part = |range| date.get(range).unwrap_or_default();
        let (year, month, day) = (part(0..4), part(5..7), part(8..10));
        let (period, key) = match one_order_per {
            OneOrderPer::Run => (format!("{year}{month}{day}-"), &*date),
            OneOrderPer::Day => (format!("{year}{month}{day}-"), part(0..10)),
            OneOrderPer::Month => (format!("{year}{month}-"), part(0..7)),
            OneOrderPer::Customer => (String::new(), ""),
        };
        let hash = Sha256::digest(format!("{customer}\n{key}"));
        let start = hash.first_chunk::<10>().map_or(&[][..], |bytes| bytes);
        let code = BASE32
            .as_ref()
            .map(|base32| base32.encode(start))
            .unwrap_or_default();
        Self(format!("ORD-{period}{code}"))
    }

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

    fn id(customer_id: &str, date: &str, one_order_per: OneOrderPer) -> String {
        let customer_id = RawValue::from_string(customer_id.to_owned()).unwrap();
        let customer_id = CustomerId::from_json(&customer_id).unwrap();
        OrderId::new(&customer_id, date.parse().unwrap(), one_order_per).to_string()
    }

    #[test]
    fn order_id_is_that_of_the_formula() {
        // Computed with another implementation of SHA-256 and base32.
        for (one_order_per, expected) in [
            (OneOrderPer::Run, "ORD-20231015-TSKDTY56PWC8QZC3"),
            (OneOrderPer::Day, "ORD-20231015-D6TXAHK8FZXTXQJN"),
            (OneOrderPer::Month, "ORD-202310-VF8H7AWEGGQ7KXQ7"),
            (OneOrderPer::Customer, "ORD-30911Y7SRXWW4VD1"),
        ] {
            assert_eq!(id("123", "2023-10-15T14:30:00Z", one_order_per), expected);
        }
    }

    #[test]
    fn one_period_has_one_order_id() {
        use OneOrderPer::{Customer, Day, Month, Run};
        for (other, same_in) in [
            ("2023-10-15T16:30:00.5+02:00", &[Run, Day, Month, Customer][..]),
            ("2023-10-15T14:30:01Z", &[Day, Month, Customer]),
            ("2023-10-16T00:59:59+01:00", &[Day, Month, Customer]),
            ("2023-10-16T14:30:00Z", &[Month, Customer]),
            ("2023-11-15T14:30:00Z", &[Customer]),
        ] {
            for one_order_per in [Run, Day, Month, Customer] {
                let is_same =
                    id("123", other, one_order_per) == id(r#""123""#, "2023-10-15T14:30:00Z", one_order_per);
                assert_eq!(
                    is_same,
                    same_in.contains(&one_order_per),
                    "{other} {one_order_per:?}"
                );
            }
        }
    }

    #[test]
    fn day_is_that_of_utc() {
        let id = id("123", "2023-12-31T23:30:00-01:00", OneOrderPer::Run);
        assert!(id.starts_with("ORD-20240101-"), "{id}");
    }

    #[test]
    fn other_customers_have_other_order_ids() {
        let date = "2023-10-15T14:30:00Z";
        for one_order_per in [OneOrderPer::Run, OneOrderPer::Customer] {
            assert_ne!(
                id("123", date, one_order_per),
                id(r#""0123""#, date, one_order_per)
            );
        }
    }
}

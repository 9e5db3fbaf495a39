//! The order of a plain customer: every field there, of the right kind, and without a blank to trim.

use std::{borrow::Cow, sync::LazyLock};

use data_encoding::{Encoding, Specification};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A message's body.
#[derive(Deserialize)]
pub struct Message<'a> {
    /// The run's order date, in UTC already.
    #[serde(borrow)]
    pub order_date: Cow<'a, str>,
    /// The customer.
    #[serde(borrow)]
    pub customer: Customer<'a>,
}

/// A customer's fields.
#[derive(Deserialize)]
#[expect(missing_docs, reason = "the source's own names")]
pub struct Customer<'a> {
    #[serde(borrow)]
    pub customer_id: Cow<'a, str>,
    #[serde(borrow)]
    pub first_name: Cow<'a, str>,
    #[serde(borrow)]
    pub last_name: Cow<'a, str>,
    #[serde(borrow)]
    pub email: Cow<'a, str>,
    #[serde(borrow)]
    pub phone: Cow<'a, str>,
    #[serde(borrow)]
    pub address: Address<'a>,
}

/// A customer's address.
#[derive(Deserialize)]
#[expect(missing_docs, reason = "the source's own names")]
pub struct Address<'a> {
    #[serde(borrow)]
    pub street: Cow<'a, str>,
    #[serde(borrow)]
    pub city: Cow<'a, str>,
    #[serde(borrow)]
    pub state: Cow<'a, str>,
    #[serde(borrow)]
    pub zip: Cow<'a, str>,
}

/// An order, as the destination takes it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the destination's own names")]
pub struct Order<'a> {
    pub order_id: String,
    pub customer_info: CustomerInfo<'a>,
    pub shipping_address: ShippingAddress<'a>,
    pub order_date: &'a str,
}

/// Who ordered.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the destination's own names")]
pub struct CustomerInfo<'a> {
    pub id: &'a str,
    pub name: String,
    pub contact_email: &'a str,
    pub contact_phone: &'a str,
}

/// Where it goes.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the destination's own names")]
pub struct ShippingAddress<'a> {
    pub line1: &'a str,
    pub city: &'a str,
    pub region: &'a str,
    pub postal_code: &'a str,
}

/// Crockford's base32.
static BASE32: LazyLock<Option<Encoding>> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification.symbols.push_str("0123456789ABCDEFGHJKMNPQRSTVWXYZ");
    specification.encoding().ok()
});

impl<'a> Order<'a> {
    /// The order of a message.
    #[must_use]
    pub fn of(message: &'a Message<'_>) -> Self {
        let (customer, address) = (&message.customer, &message.customer.address);
        Self {
            order_id: order_id(&customer.customer_id, &message.order_date),
            customer_info: CustomerInfo {
                id: &customer.customer_id,
                name: format!("{} {}", customer.first_name, customer.last_name),
                contact_email: &customer.email,
                contact_phone: &customer.phone,
            },
            shipping_address: ShippingAddress {
                line1: &address.street,
                city: &address.city,
                region: &address.state,
                postal_code: &address.zip,
            },
            order_date: &message.order_date,
        }
    }
}

fn order_id(customer_id: &str, order_date: &str) -> String {
    let hash = Sha256::digest(format!("{customer_id}\n{order_date}"));
    let start = hash.first_chunk::<10>().map_or(&[][..], |bytes| bytes);
    let code = BASE32
        .as_ref()
        .map(|base32| base32.encode(start))
        .unwrap_or_default();
    let day: String = order_date.chars().take(10).filter(char::is_ascii_digit).collect();
    format!("ORD-{day}-{code}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_id_matches_the_contract() {
        assert_eq!(
            order_id("123", "2023-10-15T14:30:00Z"),
            "ORD-20231015-TSKDTY56PWC8QZC3"
        );
    }
}

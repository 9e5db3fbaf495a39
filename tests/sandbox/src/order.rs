//! The order of the destination API and its rules.

use serde::{Deserialize, Deserializer, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The body of `POST /orders`. A field that is not here is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Order {
    /// `ORD-`, the period that the order is unique in, and 16 characters of Crockford's base32.
    pub order_id: String,
    pub customer_info: CustomerInfo,
    pub shipping_address: ShippingAddress,
    /// RFC 3339 in UTC, whole seconds, `Z`.
    pub order_date: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CustomerInfo {
    /// The source's `customer_id`.
    pub id: String,
    /// First and last name.
    pub name: String,
    pub contact_email: String,
    /// Left out where there is none; `null` is refused.
    #[serde(
        default,
        deserialize_with = "not_null",
        skip_serializing_if = "Option::is_none"
    )]
    pub contact_phone: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ShippingAddress {
    /// Street and number.
    pub line1: String,
    pub city: String,
    /// State or region.
    pub region: String,
    /// Zip code, as text.
    pub postal_code: String,
}

fn not_null<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    String::deserialize(deserializer).map(Some)
}

/// The first rule about values that `order` breaks, as `field: rule`.
pub(crate) fn broken_rule(order: &Order) -> Option<String> {
    let customer = &order.customer_info;
    let address = &order.shipping_address;
    let texts = [
        ("customerInfo.id", Some(&customer.id)),
        ("customerInfo.name", Some(&customer.name)),
        ("customerInfo.contactEmail", Some(&customer.contact_email)),
        ("customerInfo.contactPhone", customer.contact_phone.as_ref()),
        ("shippingAddress.line1", Some(&address.line1)),
        ("shippingAddress.city", Some(&address.city)),
        ("shippingAddress.region", Some(&address.region)),
        ("shippingAddress.postalCode", Some(&address.postal_code)),
    ];
    let broken = |field: &str, rule: &str| Some(format!("{field}: {rule}"));
    if !is_order_id(&order.order_id) {
        return broken(
            "orderId",
            "must match ^ORD-(([0-9]{6}|[0-9]{8})-)?[0-9A-HJKMNP-TV-Z]{16}$",
        );
    }
    for (field, text) in texts {
        match text {
            Some(text) if text.trim().is_empty() => return broken(field, "must not be blank"),
            Some(text) if text.trim() != text => return broken(field, "must not begin or end with blanks"),
            Some(_) | None => {}
        }
    }
    if !customer.contact_email.contains('@') {
        return broken("customerInfo.contactEmail", "must be an e-mail address");
    }
    if !is_utc_second(&order.order_date) {
        return broken(
            "orderDate",
            "must be RFC 3339 in UTC, in whole seconds, ending in Z",
        );
    }
    None
}

/// The period is a day, a month, or left out.
fn is_order_id(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("ORD-") else {
        return false;
    };
    let (period, code) = rest
        .split_once('-')
        .map_or((None, rest), |(period, code)| (Some(period), code));
    let is_period =
        |period: &str| matches!(period.len(), 6 | 8) && period.bytes().all(|byte| byte.is_ascii_digit());
    // Crockford's base32 leaves out I, L, O and U.
    let is_base32 = |byte: u8| matches!(byte, b'0'..=b'9' | b'A'..=b'H' | b'J' | b'K' | b'M' | b'N' | b'P'..=b'T' | b'V'..=b'Z');
    period.is_none_or(is_period) && code.len() == 16 && code.bytes().all(is_base32)
}

fn is_utc_second(text: &str) -> bool {
    // Without an offset or a fraction there is just one length.
    text.len() == "2023-10-15T14:30:00Z".len()
        && text.ends_with('Z')
        && text.as_bytes().get(10) == Some(&b'T')
        && OffsetDateTime::parse(text, &Rfc3339).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_id_is_period_and_base32() {
        for right in [
            "ORD-20231015-TSKDTY56PWC8QZC3",
            "ORD-202310-TSKDTY56PWC8QZC3",
            "ORD-TSKDTY56PWC8QZC3",
        ] {
            assert!(is_order_id(right), "{right}");
        }
        for wrong in [
            "",
            "ORD-20231015-TSKDTY56PWC8QZC",
            "ORD-20231015-TSKDTY56PWC8QZC33",
            "ORD-2023101-TSKDTY56PWC8QZC3",
            "ORD--TSKDTY56PWC8QZC3",
            "ORD-2023101x-TSKDTY56PWC8QZC3",
            "ord-20231015-TSKDTY56PWC8QZC3",
            "ORD-20231015-tskdty56pwc8qzc3",
            "ORD-20231015-ISKDTY56PWC8QZC3",
            "ORD-20231015-LSKDTY56PWC8QZC3",
            "ORD-20231015-OSKDTY56PWC8QZC3",
            "ORD-20231015-USKDTY56PWC8QZC3",
            "ORD-20231015-TSKDTY56PWC8QZC3-",
            "ORD--TSKDTY56PWC8QZC3",
            "ORD-2023-TSKDTY56PWC8QZC3",
        ] {
            assert!(!is_order_id(wrong), "{wrong}");
        }
    }

    #[test]
    fn order_date_is_whole_second_in_utc() {
        assert!(is_utc_second("2023-10-15T14:30:00Z"));
        for wrong in [
            "",
            "2023-10-15",
            "2023-10-15 14:30:00Z",
            "2023-10-15T14:30:00z",
            "2023-10-15T14:30:00.5Z",
            "2023-10-15T14:30:00+00:00",
            "2023-02-30T14:30:00Z",
            "2023-10-15T25:30:00Z",
        ] {
            assert!(!is_utc_second(wrong), "{wrong}");
        }
    }
}

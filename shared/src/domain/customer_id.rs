//! The only field of a customer that all functions know.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// A customer's id: a JSON string that is not blank, or a JSON integer of any length.
///
/// Kept to the letter (a string is not trimmed, an integer keeps its digits), since it is half of the order's
/// identity. `123` and `"123"` are the same id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct CustomerId(String);

impl CustomerId {
    /// Finds the id in a customer, given as a JSON value.
    ///
    /// # Returns
    /// `None` where the value is no object, or its `customer_id` is missing, given twice or not an id.
    #[must_use]
    pub fn of(customer: &RawValue) -> Option<Self> {
        #[derive(Deserialize)]
        struct Customer<'a> {
            #[serde(borrow)]
            customer_id: &'a RawValue,
        }
        // serde would read an array as the fields in their order.
        if !customer.get().starts_with('{') {
            return None;
        }
        let customer: Customer<'_> = serde_json::from_str(customer.get()).ok()?;
        Self::from_json(customer.customer_id)
    }

    /// Reads the value of a field `customer_id`.
    ///
    /// # Returns
    /// `None` where it is neither an integer nor a string that is not blank.
    #[must_use]
    pub fn from_json(value: &RawValue) -> Option<Self> {
        let json = value.get();
        if json.starts_with('"') {
            let text: String = serde_json::from_str(json).ok()?;
            return (!text.trim().is_empty()).then_some(Self(text));
        }
        let digits = json.strip_prefix('-').unwrap_or(json);
        digits
            .bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| Self(json.to_owned()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CustomerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Option<String> {
        CustomerId::of(&RawValue::from_string(json.to_owned()).unwrap()).map(|id| id.0)
    }

    #[test]
    fn a_string_or_an_integer_is_an_id_kept_to_the_letter() {
        for (json, id) in [
            (r#"{"customer_id": "123"}"#, "123"),
            (r#"{"customer_id": 123, "email": null}"#, "123"),
            (r#"{"customer_id": -1}"#, "-1"),
            (
                r#"{"customer_id": 123456789012345678901234567890}"#,
                "123456789012345678901234567890",
            ),
            (r#"{"customer_id": " a\u00e9 "}"#, " aé "),
        ] {
            assert_eq!(of(json).as_deref(), Some(id), "{json}");
        }
    }

    #[test]
    fn anything_else_is_no_id() {
        for json in [
            r#"{}"#,
            r#"{"customer_id": null}"#,
            r#"{"customer_id": ""}"#,
            r#"{"customer_id": "  "}"#,
            r#"{"customer_id": 1.0}"#,
            r#"{"customer_id": 1e3}"#,
            r#"{"customer_id": true}"#,
            r#"{"customer_id": ["123"]}"#,
            r#"{"customer_id": "\ud800"}"#,
            r#"{"customer_id": "1", "customer_id": "2"}"#,
            r#"["123"]"#,
            r#""123""#,
            "null",
        ] {
            assert_eq!(of(json), None, "{json}");
        }
    }
}

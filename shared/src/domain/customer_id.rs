//! The identity of a customer.

use std::fmt;

use serde::Serialize;
use serde_json::value::RawValue;

/// A customer's id: a JSON string that is not blank, or a JSON integer of any length.
///
/// Kept verbatim (a string is not trimmed, an integer keeps its digits), since it is a part of the order's identity. `123`
/// and `"123"` are the same id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct CustomerId(String);

impl CustomerId {
    /// Reads an id from its JSON.
    ///
    /// # Returns
    /// `None` if it is neither an integer nor a string that is not blank.
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

    fn id(json: &str) -> Option<String> {
        CustomerId::from_json(&RawValue::from_string(json.to_owned()).unwrap()).map(|id| id.0)
    }

    #[test]
    fn string_or_integer_is_kept_verbatim() {
        for (json, expected) in [
            (r#""123""#, "123"),
            ("123", "123"),
            ("-1", "-1"),
            ("123456789012345678901234567890", "123456789012345678901234567890"),
            (r#"" a\u00e9 ""#, " aé "),
        ] {
            assert_eq!(id(json).as_deref(), Some(expected), "{json}");
        }
    }

    #[test]
    fn other_json_is_no_id() {
        for json in [
            "null",
            r#""""#,
            r#""  ""#,
            "1.0",
            "1e3",
            "true",
            r#"["123"]"#,
            "{}",
            r#""\ud800""#,
        ] {
            assert_eq!(id(json), None, "{json}");
        }
    }
}

//! The fields of a JSON object that a caller names; everything else in the object is ignored.

use std::{borrow::Cow, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The JSON has no unambiguous fields of the names asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidObject {
    #[error("not a JSON object")]
    NotAnObject,
    #[error("a field is there twice")]
    RepeatedField,
}

/// Finds the values of the fields `names`, in that order, unparsed; `None` where the object has no such field.
///
/// A field that is not named is ignored, whatever it holds. It does not matter that its name, or a text in it, has
/// escapes that stand for no character (`\ud83d` alone): RFC 8259 §8.2 allows them, and sources send them.
///
/// Takes time linear in the length of `json`, and no memory for what is ignored, however deeply it is nested.
///
/// # Errors
/// `json` is no JSON object, or it has one of the fields twice.
pub fn fields<'a, const N: usize>(
    json: &'a str,
    names: [&str; N],
) -> Result<[Option<&'a RawValue>; N], InvalidObject> {
    let invalid = |_| {
        if json.trim_start().starts_with('{') {
            // An object that is not JSON is never asked for its fields twice: its text was read before.
            InvalidObject::RepeatedField
        } else {
            InvalidObject::NotAnObject
        }
    };
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let fields = Names(names).deserialize(&mut deserializer).map_err(invalid)?;
    deserializer.end().map_err(|_| InvalidObject::NotAnObject)?;
    Ok(fields)
}

struct Names<'n, const N: usize>([&'n str; N]);

impl<'de, const N: usize> DeserializeSeed<'de> for Names<'_, N> {
    type Value = [Option<&'de RawValue>; N];

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        // Not `deserialize_struct`, which would read an array as the fields in their order.
        deserializer.deserialize_map(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for Names<'_, N> {
    type Value = [Option<&'de RawValue>; N];

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = [None; N];
        // A key that is read as raw JSON may have any escape.
        while let Some(key) = map.next_key::<&RawValue>()? {
            let key = unescaped(key.get());
            let mut slots = self.0.iter().zip(&mut values);
            match slots.find(|(name, _)| **name == key) {
                Some((_, slot)) => {
                    if slot.replace(map.next_value()?).is_some() {
                        return Err(A::Error::custom(InvalidObject::RepeatedField));
                    }
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(values)
    }
}

/// The text of a key, given as JSON; empty where an escape in it stands for no character. No field is named so.
fn unescaped(key: &str) -> Cow<'_, str> {
    let text = key
        .strip_prefix('"')
        .and_then(|key| key.strip_suffix('"'))
        .unwrap_or_default();
    if text.contains('\\') {
        serde_json::from_str(key).map_or(Cow::Borrowed(""), Cow::Owned)
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(json: &str) -> Result<[Option<&str>; 2], InvalidObject> {
        fields(json, ["a", "é"]).map(|values| values.map(|value| value.map(RawValue::get)))
    }

    #[test]
    fn named_fields_are_found_unparsed() {
        assert_eq!(
            found(r#" {"é": [1.50e1, {"a": 2}], "x": 3, "a" : "\ud800" } "#),
            Ok([Some(r#""\ud800""#), Some(r#"[1.50e1, {"a": 2}]"#)])
        );
        assert_eq!(found("{}"), Ok([None, None]));
    }

    #[test]
    fn escaped_name_is_the_same_name() {
        assert_eq!(found(r#"{"\u0061": 1, "\u00e9": 2}"#), Ok([Some("1"), Some("2")]));
    }

    #[test]
    fn ignored_fields_may_hold_any_escape() {
        for ignored in [
            r#""tag \ud83d": 1"#,
            r#""\udc00\ud83d": {"\ud83d": "\ud83d"}"#,
            r#""tag": "\ud83d""#,
            r#""tag": [1e999999, -0.0]"#,
        ] {
            let json = format!(r#"{{{ignored}, "a": 7, {ignored}}}"#);
            assert_eq!(found(&json), Ok([Some("7"), None]), "{json}");
        }
    }

    #[test]
    fn repeated_field_is_an_error() {
        for json in [r#"{"a": 1, "a": 1}"#, r#"{"a": 1, "x": 2, "\u0061": null}"#] {
            assert_eq!(found(json), Err(InvalidObject::RepeatedField), "{json}");
        }
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        for json in ["", "null", "[]", r#"["1", "2"]"#, r#""a""#, "5", "{} {}"] {
            assert_eq!(found(json), Err(InvalidObject::NotAnObject), "{json}");
        }
    }
}

//! The rules of an order at the destination API: it looks like the example's.

use fixture::Example;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The first rule that `order` breaks, as `field: rule`.
///
/// It has the fields of the example's order and no others, of the same types. A text is neither blank nor begins or ends
/// with blanks; where the example has an order id, an instant or an e-mail address, there is one.
pub(crate) fn broken_rule(example: &Example, order: &Value) -> Option<String> {
    let mut check = Check {
        optional: &example.optional,
        pointer: String::new(),
    };
    let rule = check.first_broken(&example.order, order)?;
    let field = check.pointer.trim_start_matches('/').replace('/', ".");
    Some(format!("{field}: {rule}"))
}

struct Check<'a> {
    optional: &'a [String],
    /// Where the check is, and in the end where a rule is broken.
    pointer: String,
}

impl Check<'_> {
    fn first_broken(&mut self, example: &Value, found: &Value) -> Option<&'static str> {
        match (example, found) {
            (Value::Object(examples), Value::Object(fields)) => {
                for (name, example) in examples {
                    self.enter(name);
                    let rule = match fields.get(name) {
                        Some(found) => self.first_broken(example, found),
                        None => (!self.optional.contains(&self.pointer)).then_some("is missing"),
                    };
                    if rule.is_some() {
                        return rule;
                    }
                    self.leave();
                }
                let unknown = fields.keys().find(|name| !examples.contains_key(*name))?;
                self.enter(unknown);
                Some("is not a field of an order")
            }
            (Value::Array(_), Value::Array(items)) if items.is_empty() => Some("must not be empty"),
            (Value::Array(examples), Value::Array(items)) => {
                for (at, item) in items.iter().enumerate() {
                    self.enter(&at.to_string());
                    let rule = self.first_broken(examples.first()?, item);
                    if rule.is_some() {
                        return rule;
                    }
                    self.leave();
                }
                None
            }
            (Value::String(example), Value::String(text)) => broken_text_rule(example, text),
            (Value::Number(_), Value::Number(_))
            | (Value::Bool(_), Value::Bool(_))
            | (Value::Null, Value::Null) => None,
            (Value::Object(_), _) => Some("must be an object"),
            (Value::Array(_), _) => Some("must be a list"),
            (Value::String(_), _) => Some("must be text"),
            (Value::Number(_), _) => Some("must be a number"),
            (Value::Bool(_), _) => Some("must be true or false"),
            (Value::Null, _) => Some("must be null"),
        }
    }

    fn enter(&mut self, name: &str) {
        self.pointer.extend(["/", name]);
    }

    fn leave(&mut self) {
        let parent = self.pointer.rfind('/').unwrap_or_default();
        self.pointer.truncate(parent);
    }
}

fn broken_text_rule(example: &str, text: &str) -> Option<&'static str> {
    if text.trim().is_empty() {
        Some("must not be blank")
    } else if text.trim() != text {
        Some("must not begin or end with blanks")
    } else if is_order_id(example) && !is_order_id(text) {
        Some("must match ^ORD-(([0-9]{6}|[0-9]{8})-)?[0-9A-HJKMNP-TV-Z]{16}$")
    } else if is_utc_second(example) && !is_utc_second(text) {
        Some("must be RFC 3339 in UTC, in whole seconds, ending in Z")
    } else if example.contains('@') && !text.contains('@') {
        Some("must be an e-mail address")
    } else {
        None
    }
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
    use serde_json::json;

    use super::*;

    #[test]
    fn items_of_a_list_are_like_the_examples() {
        let example = Example::parse(
            r#"{"order_date": "2023-10-15T14:30:00Z", "customer": {"id": "1"}, "optional": [], "order":
                {"ref": "ORD-TSKDTY56PWC8QZC3", "at": "2023-10-15T14:30:00Z", "items": [{"sku": "A", "count": 1}]}}"#,
            "id",
        );
        let with = |items: Value| {
            let mut order = example.order.clone();
            order["items"] = items;
            broken_rule(&example, &order)
        };
        assert_eq!(
            with(json!([{"sku": "A", "count": 1}, {"sku": "B", "count": 2}])),
            None
        );
        for (items, expected) in [
            (json!([]), "items: must not be empty"),
            (json!({}), "items: must be a list"),
            (
                json!([{"sku": "A", "count": 1}, {"sku": "B"}]),
                "items.1.count: is missing",
            ),
            (
                json!([{"sku": "A", "count": "1"}]),
                "items.0.count: must be a number",
            ),
        ] {
            assert_eq!(with(items).as_deref(), Some(expected));
        }
    }

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

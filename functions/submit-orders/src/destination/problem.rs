//! What an API says of a problem, as one bounded line that is fit for a log and an attribute.

use bytes::Bytes;
use serde_json::Value;

/// The longest line, in characters: enough for a sentence or two. SQS would take more, but a dead letter is
/// read in a console's column.
pub const LONGEST_LINE: usize = 300;

/// What stands for a value that was taken out.
const REDACTED: &str = "[…]";

/// The problem's own text: `title` and `detail` of problem details (RFC 9457), `error` and `error_description`
/// of OAuth (RFC 6749 §5.2), in any JSON object that has them as text; else the start of the body.
///
/// Each of `sensitive` (the order's own values, a token), where it stands as a word of its own, is taken out:
/// an API may well repeat what it refuses.
#[must_use]
pub fn line<'a>(body: &Bytes, sensitive: impl IntoIterator<Item = &'a str>) -> String {
    let text = String::from_utf8_lossy(body);
    let text = match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(object)) => {
            let parts: Vec<&str> = ["title", "detail", "error", "error_description"]
                .iter()
                .filter_map(|name| object.get(*name)?.as_str())
                .collect();
            // Written anew, so that a value cannot hide behind another spelling of its characters.
            if parts.is_empty() {
                Value::Object(object).to_string()
            } else {
                parts.join(": ")
            }
        }
        Ok(value) => value.to_string(),
        Err(_) => text.into_owned(),
    };
    let mut sensitive: Vec<&str> = sensitive.into_iter().filter(|value| !value.is_empty()).collect();
    // The longest first: a name is a part of an address, and not the other way round.
    sensitive.sort_by_key(|value| std::cmp::Reverse(value.len()));
    one_line(
        &sensitive
            .into_iter()
            .fold(text, |text, value| redact(&text, value)),
    )
}

/// One line of at most [`LONGEST_LINE`] characters that SQS and a terminal take: control characters and
/// non-characters become blanks.
#[must_use]
pub fn one_line(text: &str) -> String {
    let printable = |c: char| {
        if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') {
            ' '
        } else {
            c
        }
    };
    let words: String = text.chars().take(8 * LONGEST_LINE).map(printable).collect();
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= LONGEST_LINE {
        return words;
    }
    words.chars().take(LONGEST_LINE - 1).chain(['…']).collect()
}

/// Takes `value` out of `text`, whatever its case, where it is not a part of a longer word.
fn redact(text: &str, value: &str) -> String {
    let (lower, needle) = (text.to_ascii_lowercase(), value.to_ascii_lowercase());
    let mut left = String::with_capacity(text.len());
    let mut rest = 0;
    for (at, found) in lower.match_indices(&needle) {
        let end = at + found.len();
        let before = lower.get(..at).and_then(|before| before.chars().next_back());
        let after = lower.get(end..).and_then(|after| after.chars().next());
        if [before, after].into_iter().flatten().any(char::is_alphanumeric) {
            continue;
        }
        left.push_str(text.get(rest..at).unwrap_or_default());
        left.push_str(REDACTED);
        rest = end;
    }
    left.push_str(text.get(rest..).unwrap_or_default());
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(body: &str, sensitive: &[&str]) -> String {
        line(
            &Bytes::copy_from_slice(body.as_bytes()),
            sensitive.iter().copied(),
        )
    }

    #[test]
    fn problem_details_are_told_in_their_own_words() {
        let body =
            r#"{"type": "about:blank", "title": "Invalid order", "status": 422, "detail": "no such region"}"#;
        assert_eq!(of(body, &[]), "Invalid order: no such region");
        assert_eq!(of(r#"{"title": "Invalid order"}"#, &[]), "Invalid order");
        let oauth = r#"{"error": "invalid_client", "error_description": "wrong secret"}"#;
        assert_eq!(of(oauth, &[]), "invalid_client: wrong secret");
    }

    #[test]
    fn any_other_body_is_told_by_its_start_on_one_line() {
        assert_eq!(of(r#"{"message": "no"}"#, &[]), r#"{"message":"no"}"#);
        assert_eq!(
            of("<h1>\n\tBad\u{7} Request\u{ffff}</h1>", &[]),
            "<h1> Bad Request </h1>"
        );
        assert_eq!(of("", &[]), "");
        let long = of(&"x".repeat(100_000), &[]);
        assert_eq!(long.chars().count(), LONGEST_LINE);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn private_values_are_taken_out_as_whole_words() {
        let sensitive = ["Given Family", "Given", "Family", "a@example.com", "CA"];
        assert_eq!(
            of(
                "Given Family <A@example.com> of CA CANNOT order, given",
                &sensitive
            ),
            "[…] <[…]> of […] CANNOT order, […]"
        );
        assert_eq!(
            of(r#"{"detail": "\u0047iven is no name"}"#, &sensitive),
            "[…] is no name"
        );
        assert_eq!(
            of(r#"{"x": "\u0047iven is no name"}"#, &sensitive),
            r#"{"x":"[…] is no name"}"#
        );
    }
}

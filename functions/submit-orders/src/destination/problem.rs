//! What an API says of a problem: a code that is fit for a log, and a quote that goes only where the order itself is.

use http::{
    HeaderMap,
    header::{CONTENT_ENCODING, WWW_AUTHENTICATE},
};
use serde_json::{Map, Value};
use shared::text::{MAX_LINE, one_line};

use super::{credentials::Credentials, transport::Answer};

/// The longest code: RFC 6749's longest, `unsupported_response_type`, has 25 characters, and few APIs exceed twice that.
const MAX_CODE: usize = 64;

/// A code with more digits than this may be a number of the customer: a phone, a postal code, an id.
const MAX_DIGITS: usize = 4;

/// How much of a text is searched for credentials: more than [`one_line`] reads of it.
const MAX_QUOTED: usize = 16 * MAX_LINE;

/// The members that carry a code: RFC 6749 §5.2 first, then what APIs use most.
const CODE_MEMBERS: [&str; 5] = ["error", "code", "errorCode", "error_code", "type"];

/// The members that hold an object, or a list of objects, with such members of its own.
const NESTED_MEMBERS: [&str; 4] = ["error", "errors", "detail", "details"];

/// The code by which an API names a problem: an identifier, never a text of its own and never what it repeats of the
/// order.
///
/// Looked for in the body, as JSON: `error` (RFC 6749 §5.2), `code`, `errorCode`, `type` (RFC 9457 §3.1.1; of a URI its
/// last part), also one level deeper; then in `WWW-Authenticate` (`error`, RFC 6750 §3).
pub(crate) fn error_code(answer: &Answer) -> Option<String> {
    let body: Option<Value> = serde_json::from_slice(without_byte_order_mark(answer.body())).ok();
    body.as_ref()
        .and_then(Value::as_object)
        .and_then(|object| code_of(object).or_else(|| nested(object).find_map(code_of)))
        .or_else(|| challenge_error(answer.headers()))
}

fn code_of(object: &Map<String, Value>) -> Option<String> {
    CODE_MEMBERS.iter().find_map(|member| {
        let text = object.get(*member)?.as_str()?;
        let code = if *member == "type" { last_part(text) } else { text };
        is_identifier(code).then(|| code.to_owned())
    })
}

fn nested(object: &Map<String, Value>) -> impl Iterator<Item = &Map<String, Value>> {
    NESTED_MEMBERS
        .iter()
        .filter_map(|member| match object.get(*member)? {
            Value::Object(object) => Some(object),
            Value::Array(list) => list.first()?.as_object(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
        })
}

/// Of `https://example.com/problems/out-of-credit?id=7` or `urn:problem:out-of-credit`: `out-of-credit`.
fn last_part(uri: &str) -> &str {
    let uri = uri
        .split(['?', '#'])
        .next()
        .unwrap_or_default()
        .trim_end_matches('/');
    uri.rsplit(['/', ':']).next().unwrap_or_default()
}

/// `Bearer realm="orders", error="invalid_token"`: `invalid_token`.
fn challenge_error(headers: &HeaderMap) -> Option<String> {
    headers.get_all(WWW_AUTHENTICATE).iter().find_map(|challenge| {
        let parameters = challenge.to_str().ok()?.split([',', ' ']);
        let error = parameters
            .filter_map(|parameter| parameter.trim().strip_prefix("error="))
            .next()?;
        let code = error.trim_matches('"');
        is_identifier(code).then(|| code.to_owned())
    })
}

/// Whether a text is an identifier that a programmer chose: at least two words, joined by `_` or `-` or in camel case. A
/// single word may be a name or a town, and says hardly more than the status does; an address, a phone number, a date and
/// an e-mail address do not look like this.
fn is_identifier(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let plain = text.len() <= MAX_CODE
        && digits <= MAX_DIGITS
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.'));
    // `Jean-Luc` and `Stratford-upon-Avon` are no codes.
    let kebab = text.contains('-') && !text.bytes().any(|byte| byte.is_ascii_uppercase());
    plain && (text.contains('_') || kebab || is_camel_case(text))
}

/// Two words of at least three letters, each after the first with a capital: `orderRejected`, not `McDonald`.
fn is_camel_case(text: &str) -> bool {
    const MIN_WORD: usize = 3;
    let Some(hump) = text.char_indices().skip(1).find(|(_, c)| c.is_ascii_uppercase()) else {
        return false;
    };
    let (first, rest) = text.split_at(hump.0);
    let lower = |word: &str| word.bytes().skip(1).filter(u8::is_ascii_lowercase).count();
    let is_word = |word: &str| lower(word) + 1 >= MIN_WORD;
    // `Jean-Luc` is no code.
    text.bytes().all(|byte| byte.is_ascii_alphanumeric()) && is_word(first) && is_word(rest)
}

/// The destination's own words, as one bounded line without the credentials: for the dead letter, whose body holds the
/// same data as the quote may repeat. Never for a log.
///
/// That is `title` and `detail` of problem details (RFC 9457), `error` and `error_description` of OAuth (RFC 6749 §5.2),
/// `message`, in any JSON object that has them as text; else the start of the body. Empty where there is nothing to read.
pub(crate) fn quote(answer: &Answer, credentials: &Credentials) -> String {
    let encoded = answer.headers().get(CONTENT_ENCODING);
    if encoded.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return String::new();
    }
    let text = String::from_utf8_lossy(without_byte_order_mark(answer.body()));
    let text = match serde_json::from_str::<Value>(&text) {
        Ok(Value::Object(object)) => words_of(&object).unwrap_or_else(|| Value::Object(object).to_string()),
        Ok(value) => value.to_string(),
        Err(_) => text.into_owned(),
    };
    let start: String = text.chars().take(MAX_QUOTED).collect();
    match credentials.redact(&start) {
        Some(text) => one_line(&text),
        None => "(its text repeats a credential, and is left out)".to_owned(),
    }
}

fn words_of(object: &Map<String, Value>) -> Option<String> {
    let members = ["title", "detail", "error", "error_description", "message"];
    let parts: Vec<&str> = members
        .iter()
        .filter_map(|name| object.get(*name)?.as_str())
        .collect();
    (!parts.is_empty()).then(|| parts.join(": "))
}

/// RFC 8259 §8.1 lets a parser ignore one.
pub(crate) fn without_byte_order_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderValue;

    use super::*;

    fn answer(body: &str) -> Answer {
        Answer::new(Bytes::copy_from_slice(body.as_bytes()))
    }

    fn code(body: &str) -> Option<String> {
        error_code(&answer(body))
    }

    fn quoted(body: &str) -> String {
        quote(&answer(body), &Credentials::new(["fixture-token-1"]))
    }

    #[test]
    fn error_code_is_where_apis_put_it() {
        for (body, expected) in [
            (r#"{"error": "invalid_client"}"#, "invalid_client"),
            (r#"{"code": "ORDER_REJECTED", "message": "no"}"#, "ORDER_REJECTED"),
            (r#"{"errorCode": "orderRejected"}"#, "orderRejected"),
            (r#"{"error": "no such thing", "code": "not_found"}"#, "not_found"),
            (
                r#"{"error": {"type": "idempotency_error", "message": "x"}}"#,
                "idempotency_error",
            ),
            (r#"{"errors": [{"code": "InvalidRegion"}, 1]}"#, "InvalidRegion"),
            (
                r#"{"detail": [{"type": "string_pattern_mismatch", "loc": []}]}"#,
                "string_pattern_mismatch",
            ),
            (
                r#"{"type": "https://example.com/probs/out-of-credit?id=7"}"#,
                "out-of-credit",
            ),
            (r#"{"type": "urn:problem:out-of-credit"}"#, "out-of-credit"),
            ("\u{feff}{\"error\": \"invalid_scope\"}", "invalid_scope"),
        ] {
            assert_eq!(code(body).as_deref(), Some(expected), "{body}");
        }
    }

    #[test]
    fn error_code_of_challenge_is_read() {
        let mut answer = answer("");
        let challenge = r#"Bearer realm="orders", error="invalid_token", error_description="it has expired""#;
        answer
            .headers_mut()
            .insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        assert_eq!(error_code(&answer).as_deref(), Some("invalid_token"));
    }

    #[test]
    fn possible_customer_text_is_no_code() {
        for text in [
            "Anytown",
            "CA",
            "Jean-Luc",
            "Stratford-upon-Avon",
            "McDonald",
            "O'Neil",
            "John Doe",
            "john.doe@example.com",
            "john.doe",
            "555-123-4567",
            "12345",
            "cust-1000201",
            "1 Fixture Street",
            "2023-10-15T14:30:00Z",
            "",
        ] {
            for member in ["error", "code", "errorCode", "type"] {
                let body = serde_json::json!({ member: text }).to_string();
                assert_eq!(code(&body), None, "{body}");
            }
        }
        let long = format!(r#"{{"code": "a_{}"}}"#, "b".repeat(100));
        for body in [
            "",
            "no JSON",
            "[]",
            r#"{"code": 12345}"#,
            r#"{"type": "about:blank"}"#,
            &long,
        ] {
            assert_eq!(code(body), None, "{body}");
        }
    }

    #[test]
    fn quote_is_the_apis_own_words() {
        let problem =
            r#"{"type": "about:blank", "title": "Invalid order", "status": 422, "detail": "no such region"}"#;
        assert_eq!(quoted(problem), "Invalid order: no such region");
        assert_eq!(quoted(r#"{"title": "Invalid order"}"#), "Invalid order");
        let oauth = r#"{"error": "invalid_client", "error_description": "wrong secret"}"#;
        assert_eq!(quoted(oauth), "invalid_client: wrong secret");
        assert_eq!(quoted(r#"{"message": "no"}"#), "no");
    }

    #[test]
    fn quote_of_any_other_body_is_its_start() {
        assert_eq!(quoted(r#"{"reason": "no"}"#), r#"{"reason":"no"}"#);
        assert_eq!(quoted("<h1>\n\tBad Request</h1>"), "<h1> Bad Request</h1>");
        assert_eq!(quoted(""), "");
        let mut compressed = answer("\u{1f}gibberish");
        let gzip = HeaderValue::from_static("gzip");
        compressed.headers_mut().insert(CONTENT_ENCODING, gzip);
        assert_eq!(quote(&compressed, &Credentials::new([])), "");
    }

    #[test]
    fn quote_repeats_no_credential() {
        assert_eq!(
            quoted(r#"{"detail": "Authorization: Bearer FIXTURE-TOKEN-1 is \u006eo good"}"#),
            "Authorization: Bearer […] is no good"
        );
        let encoded = quoted("<p>fixture%2dtoken%2d1");
        assert_eq!(encoded, "(its text repeats a credential, and is left out)");
    }
}

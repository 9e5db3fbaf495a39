//! Credentials from Secrets Manager.

use aws_sdk_secretsmanager::Client;
use http::{HeaderMap, HeaderName};
use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::{
    aws::{describe_without_message, error_code, is_transient},
    header::{RESERVED_HEADERS, secret_header_value},
};

/// A secret of one of the two APIs: `{"api_key": "…", "headers": {"x-version": "2"}}`.
#[derive(Debug)]
pub struct Secret<const N: usize> {
    /// The wanted fields, in their order.
    pub fields: [SecretString; N],
    /// What is sent with every request beside them: `headers`, all values marked as sensitive.
    pub headers: HeaderMap,
}

/// What a function needs of a secret.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a, const N: usize> {
    pub fields: &'static [&'static str; N],
    /// The headers that the function itself sets, beside those of HTTP.
    pub own_headers: &'a [HeaderName],
}

/// A secret that could not be used. Never holds a part of the secret.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SecretError {
    /// Secrets Manager did not return it.
    #[error("cannot read the secret {arn}: {reason}")]
    Unreadable {
        arn: String,
        reason: String,
        /// AWS's error code, such as `AccessDeniedException`; `None` where there was no answer.
        code: Option<String>,
        /// Whether reading it again may succeed.
        is_transient: bool,
    },
    /// It is not what the function needs.
    #[error("the secret {arn} must be a JSON object with the text {}: {reason}", fields(.wanted))]
    Unusable {
        arn: String,
        /// The fields that it must have.
        wanted: &'static [&'static str],
        reason: String,
    },
}

fn fields(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(" and ")
}

/// Reads a secret that is a JSON object.
///
/// Nothing is kept: each call reads it from Secrets Manager, so that a rotated secret is picked up.
///
/// # Errors
/// The secret cannot be read, or is not what is wanted. The text names the secret and every field that is wrong.
pub async fn read_secret<const N: usize>(
    client: &Client,
    arn: &str,
    wanted: Wanted<'_, N>,
) -> Result<Secret<N>, SecretError> {
    let answer = client
        .get_secret_value()
        .secret_id(arn)
        .send()
        .await
        .map_err(|error| SecretError::Unreadable {
            arn: arn.to_owned(),
            reason: describe_without_message(&error),
            code: error_code(&error).map(str::to_owned),
            is_transient: is_transient(&error),
        })?;
    parse(answer.secret_string(), wanted).map_err(|reason| SecretError::Unusable {
        arn: arn.to_owned(),
        wanted: wanted.fields,
        reason,
    })
}

fn parse<const N: usize>(secret: Option<&str>, wanted: Wanted<'_, N>) -> Result<Secret<N>, String> {
    let secret = secret.ok_or("it is binary")?;
    // serde_json's own messages may quote what they found.
    let members: Map<String, Value> =
        serde_json::from_str(secret).map_err(|_| "it is not a JSON object".to_owned())?;
    let value = |name: &str| {
        members
            .get(name)
            .and_then(Value::as_str)
            .filter(|value| !value.is_empty())
    };
    let wrong: Vec<_> = wanted
        .fields
        .iter()
        .filter(|name| value(name).is_none())
        .copied()
        .collect();
    if !wrong.is_empty() {
        return Err(format!("missing, empty or not text: {}", wrong.join(", ")));
    }
    Ok(Secret {
        fields: wanted
            .fields
            .map(|name| SecretString::from(value(name).unwrap_or_default())),
        headers: static_headers(members.get("headers"), wanted.own_headers)?,
    })
}

fn static_headers(members: Option<&Value>, own: &[HeaderName]) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    let members = match members {
        None | Some(Value::Null) => return Ok(headers),
        Some(Value::Object(members)) => members,
        Some(_) => return Err("`headers` must be an object of texts".to_owned()),
    };
    for (name, value) in members {
        let name: HeaderName = name
            .parse()
            .map_err(|_| "`headers` has a name that HTTP does not allow".to_owned())?;
        // One of a list that is public: the name shows nothing of the secret.
        if RESERVED_HEADERS.contains(&name) || own.contains(&name) {
            return Err(format!(
                "`headers` must not have {name}, which HTTP or the function sets itself"
            ));
        }
        let value = value.as_str().ok_or("`headers` must be an object of texts")?;
        let value = secret_header_value(value)
            .map_err(|_| "`headers` has a value that HTTP does not allow".to_owned())?;
        headers.insert(name, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    const CLIENT: [&str; 2] = ["client_id", "client_secret"];

    static OWN_HEADERS: [HeaderName; 1] = [HeaderName::from_static("x-own")];

    const WANTED: Wanted<'static, 2> = Wanted {
        fields: &CLIENT,
        own_headers: &OWN_HEADERS,
    };

    #[test]
    fn required_fields_are_returned_in_order() {
        let secret = r#"{"client_secret": "s", "note": 1, "client_id": "i"}"#;
        let [id, secret] = parse(Some(secret), WANTED).unwrap().fields;
        assert_eq!((id.expose_secret(), secret.expose_secret()), ("i", "s"));
    }

    #[test]
    fn error_names_fields_and_no_secret() {
        for (secret, why) in [
            (None, "it is binary"),
            (Some("hunter2"), "it is not a JSON object"),
            (Some(r#""hunter2""#), "it is not a JSON object"),
            (
                Some(r#"{"client_id": "hunter2"}"#),
                "missing, empty or not text: client_secret",
            ),
            (
                Some(r#"{"client_id": "", "client_secret": ["hunter2"]}"#),
                "missing, empty or not text: client_id, client_secret",
            ),
        ] {
            assert_eq!(parse(secret, WANTED).unwrap_err(), why);
        }
    }

    #[test]
    fn error_describes_the_expected_secret() {
        let error = SecretError::Unusable {
            arn: "arn:aws:x".to_owned(),
            wanted: &CLIENT,
            reason: "it is not a JSON object".to_owned(),
        };
        assert_eq!(
            error.to_string(),
            "the secret arn:aws:x must be a JSON object with the text `client_id` and `client_secret`: it is \
             not a JSON object"
        );
    }

    fn with_headers(headers: &str) -> Result<HeaderMap, String> {
        let secret = format!(r#"{{"client_id": "i", "client_secret": "s", "headers": {headers}}}"#);
        parse(Some(&secret), WANTED).map(|secret| secret.headers)
    }

    #[test]
    fn static_headers_are_sensitive() {
        let headers = with_headers(r#"{"X-Version": "2", "Accept": "application/vnd.api+json"}"#).unwrap();
        assert_eq!(headers["x-version"], "2");
        assert_eq!(headers["accept"], "application/vnd.api+json");
        assert!(headers.values().all(http::HeaderValue::is_sensitive));
        assert!(with_headers("{}").unwrap().is_empty());
        assert!(with_headers("null").unwrap().is_empty());
    }

    #[test]
    fn static_header_that_cannot_be_sent_is_refused() {
        for (headers, reason) in [
            (r#""hunter2""#, "`headers` must be an object of texts"),
            (r#"{"x-version": 2}"#, "`headers` must be an object of texts"),
            (
                r#"{"hunter 2": "x"}"#,
                "`headers` has a name that HTTP does not allow",
            ),
            (
                r#"{"x-key": "hunter2\n"}"#,
                "`headers` has a value that HTTP does not allow",
            ),
            (
                r#"{"Content-Length": "7"}"#,
                "`headers` must not have content-length, which HTTP or the function sets itself",
            ),
            (
                r#"{"X-Own": "hunter2"}"#,
                "`headers` must not have x-own, which HTTP or the function sets itself",
            ),
        ] {
            assert_eq!(with_headers(headers).unwrap_err(), reason);
        }
    }
}

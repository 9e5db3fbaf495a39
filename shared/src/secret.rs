//! Credentials from Secrets Manager.

use aws_sdk_secretsmanager::Client;
use secrecy::SecretString;
use serde_json::{Map, Value};

use crate::aws::describe_without_message;

/// A secret that could not be used. Never holds a part of the secret.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SecretError {
    /// Secrets Manager did not hand it out.
    #[error("cannot read the secret {arn}: {why}")]
    Unreadable {
        /// The secret.
        arn: String,
        /// What Secrets Manager, or the way to it, said.
        why: String,
    },
    /// It was handed out, but is not what the function needs.
    #[error("the secret {arn} must be a JSON object with the text {}: {why}", fields(.wanted))]
    Unusable {
        /// The secret.
        arn: String,
        /// The fields that it must have.
        wanted: &'static [&'static str],
        /// What is wrong with it.
        why: String,
    },
}

fn fields(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(" and ")
}

/// Reads the fields `wanted` of a secret that is a JSON object, in their order.
///
/// Nothing is kept: each call asks Secrets Manager, so that a rotated secret is picked up by itself.
///
/// # Errors
/// The secret cannot be read, or one of the fields is not there. The text names the secret and all fields
/// that are wrong with it.
pub async fn read_secret<const N: usize>(
    client: &Client,
    arn: &str,
    wanted: &'static [&'static str; N],
) -> Result<[SecretString; N], SecretError> {
    let answer = client
        .get_secret_value()
        .secret_id(arn)
        .send()
        .await
        .map_err(|error| SecretError::Unreadable {
            arn: arn.to_owned(),
            why: describe_without_message(&error),
        })?;
    parse(answer.secret_string(), wanted).map_err(|why| SecretError::Unusable {
        arn: arn.to_owned(),
        wanted,
        why,
    })
}

fn parse<const N: usize>(
    secret: Option<&str>,
    wanted: &[&'static str; N],
) -> Result<[SecretString; N], String> {
    let secret = secret.ok_or("it is binary")?;
    // serde_json's own messages may quote what they found.
    let fields: Map<String, Value> =
        serde_json::from_str(secret).map_err(|_| "it is not a JSON object".to_owned())?;
    let value = |name: &str| {
        fields
            .get(name)
            .and_then(Value::as_str)
            .filter(|value| !value.is_empty())
    };
    let wrong: Vec<_> = wanted
        .iter()
        .filter(|name| value(name).is_none())
        .copied()
        .collect();
    if wrong.is_empty() {
        Ok(wanted.map(|name| SecretString::from(value(name).unwrap_or_default())))
    } else {
        Err(format!("missing, empty or not text: {}", wrong.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    const CLIENT: [&str; 2] = ["client_id", "client_secret"];

    #[test]
    fn required_fields_are_returned_in_order() {
        let secret = r#"{"client_secret": "s", "note": 1, "client_id": "i"}"#;
        let [id, secret] = parse(Some(secret), &CLIENT).unwrap();
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
            assert_eq!(parse(secret, &CLIENT).unwrap_err(), why);
        }
    }

    #[test]
    fn error_describes_the_expected_secret() {
        let error = SecretError::Unusable {
            arn: "arn:aws:x".to_owned(),
            wanted: &CLIENT,
            why: "it is not a JSON object".to_owned(),
        };
        assert_eq!(
            error.to_string(),
            "the secret arn:aws:x must be a JSON object with the text `client_id` and `client_secret`: it is \
             not a JSON object"
        );
    }
}

//! What a token endpoint answers, read by its content: content types and statuses of 2xx differ from server to server.

use std::time::Duration;

use http::{HeaderValue, StatusCode, header::CONTENT_TYPE};
use oauth2::{AccessToken, HttpResponse, RefreshToken, Scope, TokenResponse, basic::BasicTokenType};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use shared::{http::is_transient, text::one_line};

use super::error::TokenErrorKind;
use crate::destination::{
    credentials::Credentials,
    problem::{error_code, without_byte_order_mark},
    transport::{Answer, BrokenOff},
};

/// A token, as the `oauth2` crate reads it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Grant {
    /// Of the answer that it came in.
    status: u16,
    access_token: AccessToken,
    /// A number, or, at some servers, a text.
    #[serde(default)]
    expires_in: Option<Value>,
}

impl Grant {
    pub(super) fn token(&self) -> &str {
        self.access_token.secret()
    }

    pub(super) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or_default()
    }

    /// How long the token lives; `None` where the answer does not say, or says nothing that can be meant.
    pub(super) fn ttl(&self) -> Option<Duration> {
        let value = self.expires_in.as_ref()?;
        let secs = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
        Duration::try_from_secs_f64(secs)
            .ok()
            .filter(|ttl| !ttl.is_zero())
    }
}

impl TokenResponse for Grant {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    // Whatever the server calls it, it is sent as a bearer token.
    fn token_type(&self) -> &BasicTokenType {
        &BasicTokenType::Bearer
    }

    fn expires_in(&self) -> Option<Duration> {
        self.ttl()
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        None
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}

/// The answer as the `oauth2` crate expects it, where it holds a token. Nothing else of it is kept.
///
/// # Errors
/// It holds none. `sent` is what no description may repeat.
pub(super) fn read(
    answer: &Answer,
    sent: &Credentials,
    min_delay: Duration,
) -> Result<HttpResponse, TokenErrorKind> {
    let status = answer.status();
    let body = serde_json::from_slice(without_byte_order_mark(answer.body()));
    let body: Map<String, Value> = body.unwrap_or_default();
    if status.is_success() {
        let token = body.get("access_token").and_then(Value::as_str);
        if let Some(token) = token.filter(|token| !token.is_empty()) {
            return Ok(grant(status, token, body.get("expires_in")));
        }
        if let Some(BrokenOff(why)) = answer.extensions().get() {
            return Err((*why).into());
        }
        if !body.contains_key("error") {
            return Err(TokenErrorKind::NoToken { status });
        }
    }
    if is_transient(status) {
        return Err(TokenErrorKind::Transient {
            status,
            error_code: error_code(answer),
            min_delay,
        });
    }
    let description = body.get("error_description").and_then(Value::as_str);
    Err(TokenErrorKind::Refused {
        status,
        error_code: error_code(answer),
        description: description
            .filter(|text| !sent.are_in(text))
            .map(one_line)
            .filter(|text| !text.is_empty()),
        min_delay,
    })
}

fn grant(status: StatusCode, token: &str, expires_in: Option<&Value>) -> HttpResponse {
    let body =
        json!({"status": status.as_u16(), "access_token": token, "expires_in": expires_in}).to_string();
    let mut response = HttpResponse::new(body.into_bytes());
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let mut answer = Answer::new(Bytes::copy_from_slice(body.as_bytes()));
        *answer.status_mut() = StatusCode::from_u16(status).unwrap();
        answer
    }

    fn read(answer: &Answer) -> Result<Grant, TokenErrorKind> {
        let sent = Credentials::new(["fixture-client-secret"]).with_whole(["fixture-client"]);
        let grant = super::read(answer, &sent, Duration::ZERO)?;
        Ok(serde_json::from_slice(grant.body()).unwrap())
    }

    fn error(status: u16, body: &str) -> String {
        read(&answer(status, body)).unwrap_err().to_string()
    }

    #[test]
    fn token_is_read_whatever_else_the_answer_says() {
        let body =
            r#"{"access_token": "t", "token_type": "bearer", "expires_in": 60, "error": null, "x": [1]}"#;
        for (status, body) in [
            (200, body.to_owned()),
            (201, body.to_owned()),
            (200, format!("\u{feff}{body}")),
            (200, format!("\r\n {body}\n")),
        ] {
            let grant = read(&answer(status, &body)).unwrap();
            assert_eq!((grant.token(), grant.ttl()), ("t", Some(Duration::from_secs(60))));
            assert_eq!(grant.status(), status);
        }
    }

    #[test]
    fn ttl_is_a_number_or_a_text() {
        for (expires_in, expected) in [
            ("3600", Some(3600.0)),
            ("3599.5", Some(3599.5)),
            (r#""3600""#, Some(3600.0)),
            (r#"" 3600 ""#, Some(3600.0)),
            ("0", None),
            ("-1", None),
            ("1e300", None),
            (r#""NaN""#, None),
            (r#""soon""#, None),
            ("null", None),
            ("[1]", None),
        ] {
            let body = format!(r#"{{"access_token": "t", "expires_in": {expires_in}}}"#);
            let grant = read(&answer(200, &body)).unwrap();
            assert_eq!(grant.ttl(), expected.map(Duration::from_secs_f64), "{expires_in}");
        }
    }

    #[test]
    fn error_is_named_whatever_its_status() {
        let body = r#"{"error": "invalid_client", "error_description": "unknown client"}"#;
        assert_eq!(
            error(401, body),
            "the token endpoint refused with 401 Unauthorized: invalid_client: unknown client"
        );
        assert_eq!(
            error(200, body),
            "the token endpoint refused with 200 OK: invalid_client: unknown client"
        );
        assert_eq!(
            error(403, "<html>"),
            "the token endpoint refused with 403 Forbidden"
        );
        assert_eq!(
            error(503, r#"{"error": "temporarily_unavailable"}"#),
            "the token endpoint answered 503 Service Unavailable: temporarily_unavailable"
        );
    }

    #[test]
    fn description_that_repeats_what_was_sent_is_dropped() {
        for repeated in [
            "fixture-client-secret",
            "fixture-client",
            "Zml4dHVyZS1jbGllbnQtc2VjcmV0",
        ] {
            let body = json!({"error": "invalid_client", "error_description": format!("not {repeated}")});
            assert_eq!(
                error(400, &body.to_string()),
                "the token endpoint refused with 400 Bad Request: invalid_client"
            );
        }
    }

    #[test]
    fn answer_without_token_is_named() {
        for body in [
            "",
            "no JSON",
            "[]",
            "{}",
            r#"{"access_token": ""}"#,
            r#"{"access_token": 1}"#,
        ] {
            assert_eq!(
                error(200, body),
                "the token endpoint answered 200 OK, but without an access token: check TokenUrl"
            );
        }
    }
}

//! An answer that a rule makes up.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::{Deserialize, Deserializer};

use crate::problem::Problem;

/// An answer made up by a rule. Without a body, an error carries a problem (RFC 9457), any other status nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    pub status: u16,
    /// Names and values, unchecked: `retry-after`, `location`, `content-type`, `link`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// In JSON, text.
    #[serde(default, deserialize_with = "text_as_bytes")]
    pub body: Option<Bytes>,
}

impl Answer {
    /// A status, with a problem for a body if it is an error.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// A redirect (307) to `location`.
    pub fn redirect(location: impl Into<String>) -> Self {
        Self::status(307).header("location", location)
    }

    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    /// With `Retry-After`: seconds, an HTTP date, or what a client should survive.
    pub fn retry_after(self, value: impl ToString) -> Self {
        self.header("retry-after", value.to_string())
    }

    pub fn body(mut self, content_type: impl Into<String>, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self.header("content-type", content_type)
    }
}

fn text_as_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Bytes>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(Bytes::from))
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut builder = Response::builder().status(self.status);
        for (name, value) in &self.headers {
            builder = builder.header(name, value);
        }
        let body = self.body.clone().map(Body::from);
        match builder.body(body.unwrap_or_default()) {
            Ok(response) if self.body.is_none() && response.status().as_u16() >= 400 => {
                let mut problem =
                    Problem::new(response.status(), "as a rule of the sandbox says").into_response();
                // The rule's own headers win.
                problem.headers_mut().extend(response.headers().clone());
                problem
            }
            Ok(response) => response,
            Err(error) => invalid(&error),
        }
    }
}

/// A rule that cannot be carried out shows that in the first answer.
pub(crate) fn invalid(error: &axum::http::Error) -> Response {
    let detail = format!("a rule's answer is not HTTP: {error}");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail).into_response()
}

#[cfg(test)]
mod tests {
    use axum::http::header::CONTENT_TYPE;

    use super::*;

    #[test]
    fn header_of_rule_replaces_problem_header() {
        let response = Answer::status(503)
            .header("content-type", "text/plain")
            .into_response();
        let types: Vec<_> = response.headers().get_all(CONTENT_TYPE).iter().collect();
        assert_eq!(types, ["text/plain"]);
    }

    #[test]
    fn answer_that_is_not_http_is_a_500() {
        for wrong in [
            Answer::status(99),
            Answer::status(200).header("bad name", "x"),
            Answer::status(200).retry_after("a\nb"),
        ] {
            assert_eq!(wrong.into_response().status(), 500);
        }
    }
}

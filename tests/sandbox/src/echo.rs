//! Answers that repeat what they were sent, as error messages of real servers do.

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::problem::Problem;
use crate::spelling::Spelling;

/// A request as far as it may be repeated.
pub(crate) struct Sent<'a> {
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
}

/// An answer that repeats parts of the request in its text, each part in each spelling.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Echo {
    status: u16,
    format: EchoFormat,
    parts: Vec<EchoPart>,
    spellings: Vec<Spelling>,
}

/// Where in the answer the repeated text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EchoFormat {
    /// The whole body, as `text/plain`.
    Text,
    /// `detail` of a problem (RFC 9457).
    Problem,
    /// `error_description` beside `"error": "invalid_request"` (RFC 6749 §5.2).
    OauthError,
}

/// A part of the request.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EchoPart {
    /// The value of `Authorization`, with its scheme.
    Authorization,
    /// The whole body.
    Body,
    /// Each text and number in a JSON body, each value in a form.
    Values,
    /// One value: a JSON pointer, or the name of a form's parameter.
    Value(String),
}

impl Echo {
    /// Repeats `part` as a problem's `detail`.
    pub fn problem(status: u16, part: EchoPart, spelling: Spelling) -> Self {
        Self {
            status,
            format: EchoFormat::Problem,
            parts: vec![part],
            spellings: vec![spelling],
        }
    }

    pub fn format(mut self, format: EchoFormat) -> Self {
        self.format = format;
        self
    }

    pub fn parts(mut self, parts: impl Into<Vec<EchoPart>>) -> Self {
        self.parts = parts.into();
        self
    }

    pub fn spellings(mut self, spellings: impl Into<Vec<Spelling>>) -> Self {
        self.spellings = spellings.into();
        self
    }

    pub(crate) fn response(&self, sent: &Sent<'_>) -> Response {
        let mut texts = Vec::new();
        for part in &self.parts {
            for text in part.texts(sent) {
                texts.extend(self.spellings.iter().map(|spelling| spelling.spell(&text)));
            }
        }
        let text = texts.join(" ");
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        match self.format {
            EchoFormat::Text => (status, [(CONTENT_TYPE, "text/plain")], text).into_response(),
            EchoFormat::Problem => Problem::new(status, text).into_response(),
            EchoFormat::OauthError => {
                let error = json!({"error": "invalid_request", "error_description": text});
                (status, axum::Json(error)).into_response()
            }
        }
    }
}

impl EchoPart {
    fn texts(&self, sent: &Sent<'_>) -> Vec<String> {
        match self {
            Self::Authorization => sent
                .headers
                .get(AUTHORIZATION)
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
                .into_iter()
                .collect(),
            Self::Body => vec![String::from_utf8_lossy(sent.body).into_owned()],
            Self::Values => values(sent.body),
            Self::Value(name) => match serde_json::from_slice::<Value>(sent.body) {
                Ok(json) => json.pointer(name).map(text_of).into_iter().collect(),
                Err(_) => form_urlencoded::parse(sent.body)
                    .filter(|(parameter, _)| parameter == name)
                    .map(|(_, value)| value.into_owned())
                    .collect(),
            },
        }
    }
}

fn values(body: &[u8]) -> Vec<String> {
    match serde_json::from_slice::<Value>(body) {
        Ok(json) => leaves(&json),
        Err(_) => form_urlencoded::parse(body)
            .map(|(_, value)| value.into_owned())
            .collect(),
    }
}

fn leaves(json: &Value) -> Vec<String> {
    match json {
        Value::Object(members) => members.values().flat_map(leaves).collect(),
        Value::Array(elements) => elements.iter().flat_map(leaves).collect(),
        Value::Null | Value::Bool(_) => Vec::new(),
        Value::Number(_) | Value::String(_) => vec![text_of(json)],
    }
}

fn text_of(json: &Value) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}

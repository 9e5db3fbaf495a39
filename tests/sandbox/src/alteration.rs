//! Changes to a genuine answer.

use axum::body::Body;
use axum::http::header::CONTENT_LENGTH;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use futures::{StreamExt, stream};
use serde::Deserialize;

use crate::answer;

/// The byte order mark in UTF-8, which some servers put in front of JSON.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Changes to the genuine answer, which is processed as usual.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alteration {
    status: Option<u16>,
    headers: Vec<(String, HeaderText)>,
    without: Vec<String>,
    /// In front of the body.
    before: String,
}

/// A header's value: text in JSON, any bytes from Rust.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "String")]
struct HeaderText(Bytes);

impl From<String> for HeaderText {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl Alteration {
    pub fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// Sets a header, in place of the genuine one of this name.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Bytes>) -> Self {
        self.headers.push((name.into(), HeaderText(value.into())));
        self
    }

    /// Removes a header.
    pub fn without(mut self, name: impl Into<String>) -> Self {
        self.without.push(name.into());
        self
    }

    pub fn byte_order_mark(mut self) -> Self {
        BYTE_ORDER_MARK.clone_into(&mut self.before);
        self
    }

    pub(crate) fn apply(self, response: Response) -> Response {
        let prefix = Bytes::from(self.before.clone());
        match self.altered(response) {
            Ok(response) if prefix.is_empty() => response,
            Ok(response) => prefixed(response, [prefix]),
            Err(error) => answer::invalid(&error),
        }
    }

    fn altered(self, mut response: Response) -> Result<Response, axum::http::Error> {
        if let Some(status) = self.status {
            *response.status_mut() = StatusCode::from_u16(status)?;
        }
        for name in &self.without {
            response.headers_mut().remove(name);
        }
        for (name, HeaderText(value)) in self.headers {
            response.headers_mut().insert(
                HeaderName::from_bytes(name.as_bytes())?,
                HeaderValue::from_bytes(&value)?,
            );
        }
        Ok(response)
    }
}

/// The response with these chunks in front of its body.
pub(crate) fn prefixed<I>(mut response: Response, chunks: I) -> Response
where
    I: IntoIterator<Item = Bytes>,
    I::IntoIter: Send + 'static,
{
    response.headers_mut().remove(CONTENT_LENGTH);
    let genuine = std::mem::take(response.body_mut());
    let chunks = stream::iter(chunks.into_iter().map(Ok));
    *response.body_mut() = Body::from_stream(chunks.chain(genuine.into_data_stream()));
    response
}

//! Answers written to the connection byte by byte as given, past any HTTP library.

use std::path::Path;

use axum::body::to_bytes;
use axum::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::{BufMut, Bytes, BytesMut};
use serde::Deserialize;

/// Bytes, and what becomes of their connection.
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "RawText")]
pub struct RawAnswer {
    pub(crate) bytes: Bytes,
    pub(crate) then: Then,
}

/// What becomes of a connection after a raw answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// It takes the next request.
    #[default]
    Keep,
    /// FIN.
    Close,
    /// RST.
    Reset,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawText {
    text: String,
    #[serde(default)]
    then: Then,
}

impl From<RawText> for RawAnswer {
    fn from(RawText { text, then }: RawText) -> Self {
        Self::new(text).then(then)
    }
}

impl RawAnswer {
    /// A whole answer as it is, on a connection that stays open.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self {
            bytes: bytes.into(),
            then: Then::Keep,
        }
    }

    /// A status line and header lines, the line ends left out, then the body with its right `Content-Length`.
    pub fn with_length<L: AsRef<[u8]>>(lines: impl IntoIterator<Item = L>, body: &[u8]) -> Self {
        let length = format!("Content-Length: {}", body.len()).into_bytes();
        let lines = lines.into_iter().map(|line| line.as_ref().to_vec());
        Self::without_length(lines.chain([length]), body)
    }

    /// The same without a `Content-Length`, unless a line is one: the right one, or a wrong one.
    pub fn without_length<L: AsRef<[u8]>>(lines: impl IntoIterator<Item = L>, body: &[u8]) -> Self {
        let mut bytes = BytesMut::new();
        for line in lines {
            bytes.put_slice(line.as_ref());
            bytes.put_slice(b"\r\n");
        }
        bytes.put_slice(b"\r\n");
        bytes.put_slice(body);
        Self::new(bytes)
    }

    pub fn then(mut self, then: Then) -> Self {
        self.then = then;
        self
    }

    /// The status, where the bytes begin as HTTP/1.1 does.
    fn status(&self) -> Option<StatusCode> {
        let code = self.bytes.strip_prefix(b"HTTP/1.")?.get(2..5)?;
        StatusCode::from_bytes(code).ok()
    }

    /// A response that is this one on the wire, for a handler that counts statuses. `None` where there is no status.
    pub(crate) fn response(self) -> Option<Response> {
        let mut response = self.status()?.into_response();
        response.extensions_mut().insert(self);
        Some(response)
    }
}

/// Bytes of the file `name` in `tests/sandbox/cases`.
///
/// # Errors
/// There is no such file.
pub fn case(name: &str) -> std::io::Result<Bytes> {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
    std::fs::read(folder.join(name)).map(Bytes::from)
}

/// `response` as bytes, which end with their connection as `then` says.
pub(crate) async fn rendered(response: Response, then: Then) -> RawAnswer {
    let (head, body) = in_memory(response).await.into_parts();
    // In memory already.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    let reason = head.status.canonical_reason().unwrap_or_default();
    let mut lines = vec![format!("HTTP/1.1 {} {reason}", head.status.as_str()).into_bytes()];
    lines.extend(
        head.headers
            .iter()
            .map(|(name, value)| [name.as_str().as_bytes(), b": ", value.as_bytes()].concat()),
    );
    RawAnswer::without_length(lines, &body).then(then)
}

/// The response with its whole body in memory, and `Content-Length` in its head.
pub(crate) async fn in_memory(response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    // The bodies are the sandbox's own, and none of them fails.
    let whole = to_bytes(body, usize::MAX).await.unwrap_or_default();
    head.headers.remove(TRANSFER_ENCODING);
    head.headers
        .insert(CONTENT_LENGTH, HeaderValue::from(whole.len()));
    Response::from_parts(head, whole.into())
}

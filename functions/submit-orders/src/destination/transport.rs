//! One request, one whole answer: the seam between this function and the world outside, which a test
//! replaces by a model.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use reqwest::{Client, Request};

/// An HTTP answer, its body read up to [`ANSWER_LIMIT`].
pub type Answer = http::Response<Bytes>;

/// How much of an answer's body is kept: tokens are a few KiB, and of an error page an excerpt is enough.
/// A longer body is cut here, so that a broken server cannot fill the function's memory.
pub const ANSWER_LIMIT: usize = 64 * 1024;

/// No answer, or not a whole one. The request may have been carried out all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// Not within the time given.
    #[error("no answer in time")]
    TimedOut,
    /// DNS, a refused connection, or TLS: nothing was sent.
    #[error("no connection")]
    NotConnected,
    /// The connection broke before the answer was whole, or what came was not HTTP.
    #[error("the connection broke")]
    Interrupted,
}

/// Sends requests. Implemented by reqwest's client; a test puts a model in its place.
pub trait Transport: Send + Sync {
    /// Sends `request` and reads its answer, within the time `timeout`, both together.
    fn send(&self, request: Request, timeout: Duration) -> BoxFuture<'_, Result<Answer, Unreachable>>;
}

impl Transport for Client {
    fn send(&self, mut request: Request, timeout: Duration) -> BoxFuture<'_, Result<Answer, Unreachable>> {
        Box::pin(async move {
            *request.timeout_mut() = Some(timeout);
            let mut response = self.execute(request).await.map_err(unreachable)?;
            let mut body = BytesMut::new();
            while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
                let room = ANSWER_LIMIT - body.len();
                body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
                if body.len() == ANSWER_LIMIT {
                    break;
                }
            }
            let mut answer = Answer::new(body.freeze());
            *answer.status_mut() = response.status();
            *answer.headers_mut() = std::mem::take(response.headers_mut());
            Ok(answer)
        })
    }
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "`map_err` hands the error over by value"
)]
fn unreachable(error: reqwest::Error) -> Unreachable {
    // The error itself is dropped: it may hold the URL, whose query may be sensitive.
    if error.is_timeout() {
        Unreachable::TimedOut
    } else if error.is_connect() {
        Unreachable::NotConnected
    } else {
        Unreachable::Interrupted
    }
}

//! One request, one answer: the seam between this function and the network, which a test replaces by a model.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::future::BoxFuture;
use reqwest::{Request, Response};
use shared::http::HttpClient;
pub use shared::http::{Repeated, Unreachable};

/// An HTTP answer, its body read up to [`ANSWER_LIMIT`]. Where the body could not be read to its end, it is what arrived,
/// and the extensions hold a [`BrokenOff`]. Where it answers a repeated request, they hold a [`Repeated`].
pub type Answer = http::Response<Bytes>;

/// Why the body of an answer could not be read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrokenOff(pub Unreachable);

/// How much of an answer's body is kept: tokens are a few KiB, and of an error page an excerpt is enough. A longer body
/// is cut here, so that no answer fills the function's memory: with the 400 KiB that hyper buffers of a connection at
/// most, a request in flight takes less than 1 MiB.
pub const ANSWER_LIMIT: usize = 64 * 1024;

/// Sends requests. A test puts a model in the place of the HTTP client.
pub trait Transport: Send + Sync {
    /// Sends `request` and reads its answer, both together in at most `timeout`.
    ///
    /// # Errors
    /// No status arrived. An answer whose body breaks off or does not end in time is what its status says.
    fn send(&self, request: Request, timeout: Duration) -> BoxFuture<'_, Result<Answer, Unreachable>>;
}

impl Transport for HttpClient {
    fn send(&self, mut request: Request, timeout: Duration) -> BoxFuture<'_, Result<Answer, Unreachable>> {
        Box::pin(async move {
            *request.timeout_mut() = Some(timeout);
            let response = self.execute(request).await;
            Ok(read(response.map_err(|error| Unreachable::from(&error))?).await)
        })
    }
}

async fn read(mut response: Response) -> Answer {
    let mut body = BytesMut::new();
    let mut broken_off = None;
    while body.len() < ANSWER_LIMIT {
        match response.chunk().await {
            Ok(Some(chunk)) => {
                let room = ANSWER_LIMIT - body.len();
                body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
            }
            Ok(None) => break,
            Err(error) => {
                broken_off = Some(BrokenOff(Unreachable::from(&error)));
                break;
            }
        }
    }
    let mut answer = Answer::new(body.freeze());
    *answer.status_mut() = response.status();
    *answer.headers_mut() = std::mem::take(response.headers_mut());
    if let Some(repeated) = response.extensions().get::<Repeated>() {
        answer.extensions_mut().insert(*repeated);
    }
    if let Some(broken_off) = broken_off {
        answer.extensions_mut().insert(broken_off);
    }
    answer
}

//! Bodies that break off, dawdle, or grow beyond any limit.

use std::time::Duration;

use async_compression::Level;
use async_compression::brotli::EncoderParams;
use async_compression::tokio::bufread::{BrotliEncoder, GzipEncoder, ZstdEncoder};
use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use axum::response::Response;
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use tokio_util::io::{ReaderStream, StreamReader};

use crate::alteration::prefixed;
use crate::connection::{Ending, Wire};
use crate::raw::in_memory;
use crate::settings::Compression;

const CHUNK: usize = 64 * 1024;

/// `Content-Length` of the whole body, half of it, and the end of the connection.
pub(crate) async fn truncated(response: Response, wire: Wire, ending: Ending) -> Response {
    let (mut response, whole) = whole_body(response).await;
    if whole.is_empty() {
        response
            .headers_mut()
            .insert(CONTENT_LENGTH, HeaderValue::from(1));
    }
    let half = whole.slice(..whole.len() / 2);
    let cut = stream::once(async move {
        // One turn without a chunk, in which hyper sends what it has.
        tokio::task::yield_now().await;
        wire.end(ending).await
    });
    *response.body_mut() = Body::from_stream(stream::iter([Ok::<_, axum::Error>(half)]).chain(cut));
    response
}

/// The body byte by byte, `delay` before each.
pub(crate) async fn slow(response: Response, delay: Duration) -> Response {
    let (mut response, whole) = whole_body(response).await;
    let bytes = stream::iter(0..whole.len()).then(move |at| {
        let byte = whole.slice(at..=at);
        async move {
            tokio::time::sleep(delay).await;
            Ok::<_, axum::Error>(byte)
        }
    });
    *response.body_mut() = Body::from_stream(bytes);
    response
}

/// So many bytes of `fill` in front of the body.
pub(crate) fn oversized(response: Response, fill: u8, bytes: u64) -> Response {
    let filled = Bytes::from(vec![fill; CHUNK]);
    let chunk = filled.len() as u64;
    let chunks = (0..bytes.div_ceil(chunk)).map(move |number| {
        let rest = usize::try_from(bytes - number * chunk).unwrap_or(usize::MAX);
        filled.slice(..rest.min(filled.len()))
    });
    prefixed(response, chunks)
}

/// The body compressed, whatever the client accepts.
pub(crate) fn compressed(mut response: Response, coding: Compression) -> Response {
    let plain = std::mem::take(response.body_mut()).into_data_stream();
    let plain = StreamReader::new(plain.map_err(std::io::Error::other));
    let (name, body) = match coding {
        Compression::Gzip => {
            let encoder = GzipEncoder::with_quality(plain, Level::Fastest);
            ("gzip", Body::from_stream(ReaderStream::new(encoder)))
        }
        Compression::Brotli => {
            // The largest window: the client has to keep that much.
            let params = EncoderParams::default()
                .quality(Level::Precise(5))
                .window_size(24);
            let encoder = BrotliEncoder::with_params(plain, params);
            ("br", Body::from_stream(ReaderStream::new(encoder)))
        }
        Compression::Zstd => {
            let encoder = ZstdEncoder::with_quality(plain, Level::Fastest);
            ("zstd", Body::from_stream(ReaderStream::new(encoder)))
        }
    };
    *response.body_mut() = body;
    response.headers_mut().remove(CONTENT_LENGTH);
    response
        .headers_mut()
        .insert(CONTENT_ENCODING, HeaderValue::from_static(name));
    response
}

/// The response with `Content-Length` in its head, and its body apart.
async fn whole_body(response: Response) -> (Response, Bytes) {
    let mut response = in_memory(response).await;
    let body = std::mem::take(response.body_mut());
    // In memory already.
    let whole = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    (response, whole)
}

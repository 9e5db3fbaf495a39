//! The body of an answer, decompressed in bounded memory.
//!
//! reqwest's own decompression has no limit: a page that was compressed with the largest window of Brotli or zstd takes
//! hundreds of megabytes.

use std::{io, pin::Pin};

use async_compression::{
    tokio::bufread::{BrotliDecoder, GzipDecoder, ZstdDecoder},
    zstd::DParameter,
};
use bytes::{Bytes, BytesMut};
use futures::TryStreamExt;
use http::{HeaderMap, HeaderValue, header::CONTENT_ENCODING};
use http_body_util::BodyExt;
use reqwest::Response;
use shared::http::Unreachable;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt};
use tokio_util::io::StreamReader;

/// The codings that [`Body`] reads, for `Accept-Encoding`.
pub(super) const ACCEPTED: HeaderValue = HeaderValue::from_static("gzip, br, zstd");

/// The largest window of zstd on the web, 8 MiB (RFC 9659 §3).
const MAX_ZSTD_WINDOW_LOG: u32 = 23;

/// How Brotli streams begin that may have windows of up to 1 GiB, in the low seven bits. RFC 7932 §9.1, which allows 16 MiB,
/// calls this beginning invalid.
const BROTLI_LARGE_WINDOW: u8 = 0x11;

/// How much is decompressed at once.
const CHUNK: usize = 32 * 1024;

pub(super) enum Body {
    /// Not compressed.
    Plain(Response),
    Compressed(Pin<Box<dyn AsyncRead + Send>>),
    /// An answer 204.
    None,
}

/// The body cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyError {
    Unreachable(Unreachable),
    /// It is compressed with a coding, or a window, that was not accepted.
    Coding,
}

impl Body {
    pub(super) async fn new(answer: Response) -> Result<Self, BodyError> {
        let Some(coding) = coding(answer.headers())? else {
            return Ok(Self::Plain(answer));
        };
        let body = http::Response::from(answer).into_body();
        let mut reader = StreamReader::new(body.into_data_stream().map_err(io::Error::other));
        if matches!(coding, Coding::Brotli) {
            let first = reader.fill_buf().await.map_err(|error| failed(&error))?.first();
            if first.is_some_and(|byte| byte & 0x7f == BROTLI_LARGE_WINDOW) {
                return Err(BodyError::Coding);
            }
        }
        Ok(Self::Compressed(match coding {
            Coding::Gzip => {
                let mut decoder = GzipDecoder::new(reader);
                decoder.multiple_members(true);
                Box::pin(decoder)
            }
            Coding::Brotli => Box::pin(BrotliDecoder::new(reader)),
            Coding::Zstd => {
                let window = DParameter::window_log_max(MAX_ZSTD_WINDOW_LOG);
                let mut decoder = ZstdDecoder::with_params(reader, &[window]);
                decoder.multiple_members(true);
                Box::pin(decoder)
            }
        }))
    }

    /// The next part; `None` at the end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, BodyError> {
        match self {
            Self::None => Ok(None),
            Self::Plain(answer) => {
                let chunk = answer.chunk().await;
                chunk.map_err(|error| BodyError::Unreachable(Unreachable::from(&error)))
            }
            Self::Compressed(reader) => {
                let mut chunk = BytesMut::with_capacity(CHUNK);
                let read = reader.read_buf(&mut chunk).await;
                read.map_err(|error| failed(&error))?;
                Ok(Some(chunk.freeze()).filter(|chunk| !chunk.is_empty()))
            }
        }
    }
}

enum Coding {
    Gzip,
    Brotli,
    Zstd,
}

/// `None` where the body is not compressed.
fn coding(headers: &HeaderMap) -> Result<Option<Coding>, BodyError> {
    let mut codings = headers.get_all(CONTENT_ENCODING).iter();
    let (Some(coding), None) = (codings.next(), codings.next()) else {
        return if headers.contains_key(CONTENT_ENCODING) {
            Err(BodyError::Coding)
        } else {
            Ok(None)
        };
    };
    match coding.as_bytes().trim_ascii().to_ascii_lowercase().as_slice() {
        b"" | b"identity" => Ok(None),
        b"gzip" | b"x-gzip" => Ok(Some(Coding::Gzip)),
        b"br" => Ok(Some(Coding::Brotli)),
        b"zstd" => Ok(Some(Coding::Zstd)),
        _ => Err(BodyError::Coding),
    }
}

/// An error of the connection, which the decoder passes on, or one of the decoder itself.
fn failed(error: &io::Error) -> BodyError {
    let connection = error
        .get_ref()
        .and_then(|error| error.downcast_ref::<reqwest::Error>());
    BodyError::Unreachable(connection.map_or(Unreachable::NotDecodable, Unreachable::from))
}

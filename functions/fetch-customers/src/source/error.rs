//! Why the source could not be read to its end.

use std::time::Duration;

use http::StatusCode;
use shared::{
    http::{Unreachable, is_transient, retry_after::RetryAfter},
    secret::SecretError,
};

/// The source could not be read to its end. Names the page, from 1, and the byte of its body, from 0 and uncompressed;
/// never a customer, the key, or text of the source.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(
        "the API key holds characters that no HTTP header can carry: correct `api_key` in the secret {secret}"
    )]
    UnusableKey { secret: String },
    #[error(
        "the source refused the API key of secret {secret} with {status}, on page {page}: correct its `api_key`"
    )]
    KeyRefused {
        status: StatusCode,
        page: u64,
        secret: String,
    },
    /// Another answer that is not a page.
    #[error("the source answered {status}, not 200, to the request for page {page}")]
    Status {
        status: StatusCode,
        page: u64,
        retry_after: RetryAfter,
    },
    /// No answer, or the connection broke.
    #[error("page {page} of the source could not be read from byte {at} on: {reason}")]
    Unreachable { page: u64, at: u64, reason: Unreachable },
    #[error("page {page} of the source is not JSON: its content type is {content_type:?}")]
    ContentType {
        page: u64,
        /// Without parameters.
        content_type: String,
    },
    #[error("page {page} of the source is not a JSON array: it stops being one at byte {at}")]
    InvalidJsonArray { page: u64, at: u64 },
    /// The answer is complete as far as HTTP can tell, but its JSON is not.
    #[error("page {page} of the source was cut short: its JSON array continues after its last byte, {at}")]
    CutShort { page: u64, at: u64 },
    #[error(
        "page {page} of the source links to a next page on another origin, {origin}: the API key is not sent there"
    )]
    CrossOriginLink { page: u64, origin: String },
    #[error("page_url is on another origin, {origin}, than SOURCE_URL: the API key is not sent there")]
    CrossOriginStart { origin: String },
    #[error("page {page} of the source links back to a page that was read already")]
    Loop { page: u64 },
    #[error(
        "page {page} of the source could not be read within the function's time: give the function more time (or \
         more memory, which makes it faster), or let the source answer in smaller pages"
    )]
    OutOfTime { page: u64 },
}

impl SourceError {
    /// Drops the error itself: it holds the URL, whose query may be sensitive.
    pub(crate) fn unreachable(page: u64, at: u64, error: &reqwest::Error) -> Self {
        Self::Unreachable {
            page,
            at,
            reason: Unreachable::from(error),
        }
    }

    /// How long to wait at least before the page is requested again; `None` where that would not help.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unreachable { .. } => Some(Duration::ZERO),
            Self::Status {
                status, retry_after, ..
            } => is_transient(*status).then(|| retry_after.delay()),
            Self::Secret(_)
            | Self::UnusableKey { .. }
            | Self::KeyRefused { .. }
            | Self::ContentType { .. }
            | Self::InvalidJsonArray { .. }
            | Self::CutShort { .. }
            | Self::CrossOriginLink { .. }
            | Self::CrossOriginStart { .. }
            | Self::Loop { .. }
            | Self::OutOfTime { .. } => None,
        }
    }
}

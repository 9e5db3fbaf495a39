//! Why the customers could not be read to the end.

use std::time::Duration;

use http::StatusCode;
use shared::{http::is_transient, http::retry_after::RetryAfter, secret::SecretError};

/// The customers could not be read to the end. Names the page, counted from 1, and the byte of its body,
/// counted from 0 and uncompressed; never a customer or the key.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The API key cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The key cannot be sent at all.
    #[error(
        "the API key holds characters that no HTTP header can carry: correct `api_key` in the secret {secret}"
    )]
    UnusableKey {
        /// Where the key came from.
        secret: String,
    },
    /// 401 or 403.
    #[error(
        "the source refused the API key of secret {secret} with {status}, on page {page}: correct its `api_key`"
    )]
    KeyRefused {
        /// Its status.
        status: StatusCode,
        /// The page.
        page: u64,
        /// Where the key came from.
        secret: String,
    },
    /// Any other answer that is no page.
    #[error("the source answered {status}, not 200, to the request for page {page}")]
    Status {
        /// Its status.
        status: StatusCode,
        /// The page.
        page: u64,
        /// When to ask again.
        retry_after: RetryAfter,
    },
    /// No answer, or the connection broke on the way.
    #[error("page {page} of the source could not be read from byte {at} on: {why}")]
    Unreachable {
        /// The page.
        page: u64,
        /// How much of it was read.
        at: u64,
        /// What happened on the way.
        why: &'static str,
    },
    /// The answer says that it is something else.
    #[error("page {page} of the source is not JSON: its content type is {content_type:?}")]
    ContentType {
        /// The page.
        page: u64,
        /// Without parameters.
        content_type: String,
    },
    /// The answer is something else.
    #[error("page {page} of the source is not a JSON array: it stops being one at byte {at}")]
    InvalidJsonArray {
        /// The page.
        page: u64,
        /// Where it stops being one.
        at: u64,
    },
    /// The answer is whole as far as HTTP can tell, but its JSON is not.
    #[error("page {page} of the source was cut short: its JSON array goes on after its last byte, {at}")]
    CutShort {
        /// The page.
        page: u64,
        /// Its length.
        at: u64,
    },
    /// The API key must not go there.
    #[error(
        "page {page} of the source links to a next page on another origin, {origin}: the API key stays here"
    )]
    CrossOriginLink {
        /// The page.
        page: u64,
        /// Where it points.
        origin: String,
    },
    /// The API key must not go there.
    #[error("page_url is on another origin, {origin}, than SOURCE_URL: the API key stays here")]
    CrossOriginStart {
        /// Where it points.
        origin: String,
    },
    /// The run would never end.
    #[error("page {page} of the source links back to a page that was read already")]
    Loop {
        /// The page.
        page: u64,
    },
    /// The function's time is nearly up.
    #[error(
        "page {page} of the source could not be read within the function's time: give the function more of it \
         (or more memory, which is speed), or let the source answer in smaller pages"
    )]
    OutOfTime {
        /// The page.
        page: u64,
    },
}

impl SourceError {
    /// Drops the error itself: it holds the URL, whose query may be private.
    pub(crate) fn unreachable(page: u64, at: u64, error: &reqwest::Error) -> Self {
        let why = if error.is_timeout() {
            "no answer in time"
        } else if error.is_connect() {
            "no connection"
        } else if error.is_decode() {
            // What breaks a body off, a decoder reports as its own error.
            "it broke off, or its compression is broken"
        } else {
            "the connection broke"
        };
        Self::Unreachable { page, at, why }
    }

    /// How long to wait at least before asking for the page again; `None` where that would not help.
    pub(crate) fn repeat_after(&self) -> Option<Duration> {
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

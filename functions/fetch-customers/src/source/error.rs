//! Why the source could not be read to its end.

use std::{fmt, time::Duration};

use super::{body::BodyError, paging::NextPageError, pointer::Pointer};
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
    #[error("page {page} of the source is not a JSON {expected}: it stops being one at byte {at}{format}")]
    InvalidJson {
        page: u64,
        /// Array or object.
        expected: &'static str,
        at: u64,
        format: Format,
    },
    #[error(
        "page {page} of the source has no JSON array at {items} (SourceItems): it stops being one at byte {at}"
    )]
    InvalidList { page: u64, items: Pointer, at: u64 },
    #[error("page {page} of the source has no JSON array at {items} (SourceItems)")]
    NoList { page: u64, items: Pointer },
    #[error(
        "page {page} of the source is compressed in a way that was not asked for: only gzip, br (windows of up to 16 \
         MiB) and zstd (8 MiB) are read"
    )]
    Coding { page: u64 },
    /// The answer is complete as far as HTTP can tell, but its JSON is not.
    #[error("page {page} of the source was cut short: its JSON continues after its last byte, {at}")]
    CutShort { page: u64, at: u64 },
    #[error(
        "page {page} of the source links to a next page on another origin, {origin}: the API key is not sent there"
    )]
    CrossOriginLink { page: u64, origin: String },
    #[error("page_url is on another origin, {origin}, than SourceUrl: the API key is not sent there")]
    CrossOriginStart { origin: String },
    #[error("page {page} of the source links back to a page that was read already")]
    Loop { page: u64 },
    #[error(
        "page {page} of the source is the same as the page before it: the source ignores the page number in \
         {parameter} (SourceCursorParameter)"
    )]
    SamePage { page: u64, parameter: String },
    #[error(
        "more than {max} pages of the source in a row have no customer, up to page {page}, and there is always a \
         next one"
    )]
    EmptyPages { page: u64, max: u32 },
    #[error("page {page} of the source is not the last one, but the next one cannot be requested: {reason}")]
    NextPage { page: u64, reason: NextPageError },
    #[error(
        "page {page} of the source names no next page, but its {says_so} says that there is more than the \
         {customers} customers on it: this source pages in another way, which the parameter SourceNext must name"
    )]
    OnlyPage {
        page: u64,
        /// Its header or its member.
        says_so: String,
        customers: u64,
    },
    #[error("page {page} of the source has no customers, but an error in its member {member}")]
    ErrorMember { page: u64, member: &'static str },
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

    pub(super) const fn body(page: u64, at: u64, error: BodyError) -> Self {
        match error {
            BodyError::Unreachable(reason) => Self::Unreachable { page, at, reason },
            BodyError::Coding => Self::Coding { page },
        }
    }

    /// The status of an answer that is not a page.
    pub(crate) const fn status(&self) -> Option<u16> {
        if let Self::KeyRefused { status, .. } | Self::Status { status, .. } = self {
            return Some(status.as_u16());
        }
        None
    }

    /// In which way the source was unreachable.
    pub(crate) const fn error_code(&self) -> Option<&'static str> {
        if let Self::Unreachable { reason, .. } = self {
            return Some(reason.code());
        }
        None
    }

    /// How long to wait at least before the page is requested again; `None` where that would not help.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unreachable { .. } | Self::CutShort { .. } => Some(Duration::ZERO),
            // 401 and 403 with `Retry-After` are a rate limit; without, they are `KeyRefused`.
            Self::Status {
                status, retry_after, ..
            } => {
                let is_rate_limit = matches!(*status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
                (is_rate_limit || is_transient(*status)).then(|| retry_after.delay())
            }
            Self::Secret(_)
            | Self::UnusableKey { .. }
            | Self::KeyRefused { .. }
            | Self::InvalidJson { .. }
            | Self::InvalidList { .. }
            | Self::NoList { .. }
            | Self::Coding { .. }
            | Self::CrossOriginLink { .. }
            | Self::CrossOriginStart { .. }
            | Self::Loop { .. }
            | Self::SamePage { .. }
            | Self::EmptyPages { .. }
            | Self::NextPage { .. }
            | Self::OnlyPage { .. }
            | Self::ErrorMember { .. }
            | Self::OutOfTime { .. } => None,
        }
    }

    /// Whether a page that had begun to arrive broke off.
    pub(crate) const fn is_broken_page(&self) -> bool {
        matches!(
            self,
            Self::CutShort { .. }
                | Self::Unreachable { at: 1.., .. }
                | Self::Unreachable {
                    reason: Unreachable::NotDecodable,
                    ..
                }
        )
    }
}

/// What a page that is not the JSON expected starts like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Expected,
    Html,
    Object,
    Array,
    Other,
}

impl Format {
    pub(super) const fn of(first: u8, expected: u8) -> Self {
        match first {
            _ if first == expected => Self::Expected,
            b'<' => Self::Html,
            b'{' => Self::Object,
            b'[' => Self::Array,
            _ => Self::Other,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expected | Self::Other => "",
            Self::Html => ". It starts like HTML or XML",
            Self::Object => ". It starts like an object: SourceItems names the list in an object",
            Self::Array => ". It starts like an array: SourceItems must be empty then",
        })
    }
}

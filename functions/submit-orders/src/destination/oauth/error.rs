//! Why there is no token.

use std::time::Duration;

use http::StatusCode;
use shared::{http::Unreachable, secret::SecretError};

/// A request for a token failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{kind}")]
pub struct TokenError {
    /// The number of the request, from 1. All who waited for the same request get its error: it is one failure.
    pub request: u64,
    pub kind: TokenErrorKind,
}

impl TokenError {
    /// In the place of the number, where the time of who waited was up before the request ended: how it ends is counted
    /// then, and this is not.
    pub(super) const NOT_ENDED: u64 = 0;
}

/// Why a request for a token failed. Of the token endpoint's answer it holds the status and the error code, and the
/// description only where that repeats nothing that was sent.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TokenErrorKind {
    /// The client's credentials could not be read.
    #[error(transparent)]
    Credentials(#[from] SecretError),
    /// An error of RFC 6749 §5.2, whatever its status, or a status that says so.
    #[error("the token endpoint refused with {status}{}{}", after_colon(.error_code), after_colon(.description))]
    Refused {
        status: StatusCode,
        /// Such as `invalid_client`.
        error_code: Option<String>,
        /// `error_description`, one line.
        description: Option<String>,
        /// What `Retry-After` asked for.
        min_delay: Duration,
    },
    #[error("the token endpoint answered {status}{}", after_colon(.error_code))]
    Transient {
        status: StatusCode,
        error_code: Option<String>,
        min_delay: Duration,
    },
    #[error("the token endpoint is unreachable: {0}")]
    Unreachable(#[from] Unreachable),
    /// A request that was made for another order did not end in time for this one.
    #[error("the token or API key, which another order's request was to get, was not there in time")]
    NotEnded,
    /// An answer that is no error, and no token either.
    #[error("the token endpoint answered {status}, but without an access token: check TokenUrl")]
    NoToken { status: StatusCode },
    #[error("the token endpoint answered {status}, but no HTTP header can carry the access token")]
    UnusableToken { status: StatusCode },
}

fn after_colon(text: &Option<String>) -> String {
    text.as_ref().map(|text| format!(": {text}")).unwrap_or_default()
}

impl TokenErrorKind {
    /// The field `error_code` in the log.
    #[must_use]
    pub fn error_code(&self) -> Option<&str> {
        match self {
            Self::Refused { error_code, .. } | Self::Transient { error_code, .. } => error_code.as_deref(),
            Self::Unreachable(why) => Some(why.code()),
            Self::NotEnded => Some(Unreachable::TimedOut.code()),
            Self::Credentials(_) | Self::NoToken { .. } | Self::UnusableToken { .. } => None,
        }
    }

    /// What the token endpoint answered, where it did.
    #[must_use]
    pub const fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused { status, .. }
            | Self::Transient { status, .. }
            | Self::NoToken { status }
            | Self::UnusableToken { status } => Some(*status),
            Self::Credentials(_) | Self::Unreachable(_) | Self::NotEnded => None,
        }
    }
}

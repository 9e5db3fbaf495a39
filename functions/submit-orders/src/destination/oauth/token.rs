//! What a POST carries, so that the destination knows this client.

use std::{sync::OnceLock, time::Duration};

use data_encoding::BASE64;
use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;

use crate::destination::credentials::Credentials;

/// How long before its end a token is replaced: longer than a POST may take, so that no POST is under way with a token
/// that has just ended. Of a token that lives for less than twice this, half its life.
const RENEW_BEFORE_END: Duration = Duration::from_secs(30);

/// A token, or an API key, that the destination may accept.
#[derive(Debug)]
pub struct Token {
    header: HeaderName,
    /// Marked as sensitive.
    value: HeaderValue,
    /// What the secret has beside the credentials.
    static_headers: HeaderMap,
    requested_at: Instant,
    ttl: Duration,
    /// Made on first need.
    credentials: OnceLock<Credentials>,
}

impl Token {
    /// `value` is marked as sensitive. The token's life of `ttl` began at `requested_at`, or later.
    pub(super) fn new(
        (header, value): (HeaderName, HeaderValue),
        static_headers: HeaderMap,
        requested_at: Instant,
        ttl: Duration,
    ) -> Self {
        Self {
            header,
            value,
            static_headers,
            requested_at,
            ttl,
            credentials: OnceLock::new(),
        }
    }

    /// Puts it, and the static headers, on a request.
    pub(crate) fn authorize(&self, headers: &mut HeaderMap) {
        headers.extend(self.static_headers.clone());
        headers.insert(self.header.clone(), self.value.clone());
    }

    /// What no text of the destination may repeat.
    pub(crate) fn credentials(&self) -> &Credentials {
        /// A shorter static header is a version or a tenant, and is found in any text.
        const MIN_STATIC: usize = 8;
        self.credentials.get_or_init(|| {
            let value = self.value.to_str().unwrap_or_default();
            // `Bearer …` is redacted to `Bearer […]`.
            let value = value.split_once(' ').map_or(value, |(_, parameter)| parameter);
            let password = password_of(value);
            let headers = self
                .static_headers
                .values()
                .filter_map(|value| value.to_str().ok());
            let headers = headers.filter(|value| value.len() >= MIN_STATIC);
            Credentials::new(headers.chain([value]).chain(password.as_deref()))
        })
    }

    /// Since it was requested: it cannot be older.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.requested_at.elapsed()
    }

    pub(super) fn is_to_be_renewed(&self) -> bool {
        self.age() >= self.ttl.saturating_sub(RENEW_BEFORE_END.min(self.ttl / 2))
    }
}

/// Of a value that is `user:password` in base64, as Basic authentication sends it (RFC 7617 §2).
fn password_of(value: &str) -> Option<String> {
    let decoded = String::from_utf8(BASE64.decode(value.as_bytes()).ok()?).ok()?;
    let (_, password) = decoded.split_once(':')?;
    Some(password.to_owned())
}

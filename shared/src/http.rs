//! How a client of somebody else's API is set up, and which of its answers pass by themselves.

pub mod backoff;
pub mod retry_after;

use std::time::Duration;

use http::StatusCode;
use reqwest::{Client, ClientBuilder, redirect};

/// How long a connection, TLS included, may take to come about: room for two lost packets in a row, which
/// are sent again one and three seconds after the start (RFC 6298 §2.1 and §5.5).
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(4);

/// A builder of a client that follows no redirect: a credential never leaves the origin that it was made for,
/// and a redirect is an answer that the caller decides about.
pub fn client() -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("customer-order-sync/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
}

/// Whether an API that answers so may well answer otherwise later: the row "busy" of the failure table.
#[must_use]
pub fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 425 | 429 | 500..=599)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_is_what_passes_by_itself() {
        let busy: Vec<u16> = (100..=999)
            .filter(|status| is_transient(StatusCode::from_u16(*status).unwrap()))
            .collect();
        let expected: Vec<u16> = [408, 425, 429].into_iter().chain(500..=599).collect();
        assert_eq!(busy, expected);
    }
}

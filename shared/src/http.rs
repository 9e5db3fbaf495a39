//! How a client of somebody else's API is set up.

use std::time::Duration;

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

//! The token endpoint (RFC 6749 §4.4).

use std::sync::atomic::{AtomicU64, Ordering};

use data_encoding::BASE64;
use http::{HeaderMap, StatusCode, header::AUTHORIZATION};

use super::answer::{Answer, json, status};

pub(crate) const CLIENT_ID: &str = "fixture-client";
pub(crate) const CLIENT_SECRET: &str = "fixture-client-secret";
/// About as long as signed tokens are.
pub(super) const TOKEN: &str = concat!(
    "fixture-token.eyJpc3MiOiJodHRwczovL2xvZ2luLmV4YW1wbGUuY29tLyIsInN1YiI6ImZpeHR1cmUtY2xpZW50IiwiYXVkIjoiaHR0",
    "cHM6Ly9vcmRlcnMuZXhhbXBsZS5jb20vIiwiZXhwIjoxNjk3MzgzODAwLCJpYXQiOjE2OTczODAyMDAsInNjb3BlIjoib3JkZXJzOndyaXRl",
    "In0.c2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmUtc2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmUtc2lnbmF0dXJlLXNpZ25hdHVyZQ"
);

/// Grants the one client the one token.
#[derive(Default)]
pub(crate) struct TokenEndpoint {
    granted: AtomicU64,
}

impl TokenEndpoint {
    /// Tokens granted so far.
    pub(crate) fn granted(&self) -> u64 {
        self.granted.load(Ordering::Relaxed)
    }

    pub(super) fn post(&self, headers: &HeaderMap, body: &[u8]) -> Answer {
        let basic = BASE64.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}").as_bytes());
        let authorization = headers.get(AUTHORIZATION).map(http::HeaderValue::as_bytes);
        let grant = b"grant_type=client_credentials";
        if authorization != Some(format!("Basic {basic}").as_bytes()) || body != grant {
            return status(StatusCode::UNAUTHORIZED);
        }
        self.granted.fetch_add(1, Ordering::Relaxed);
        let granted = format!(r#"{{"access_token":"{TOKEN}","token_type":"Bearer","expires_in":3600}}"#);
        json(StatusCode::OK, granted)
    }
}

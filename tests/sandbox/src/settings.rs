//! What the sandbox asks of its callers, and how it answers where an API has the choice.

use std::time::Duration;

use serde::Serialize;

use crate::customers::Customers;

/// How a sandbox starts. The defaults are obvious fixtures, so that a log can be searched for them.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The port on 127.0.0.1; 0 takes a free one.
    pub port: u16,
    /// What `GET /customers` answers.
    pub customers: Customers,
    /// Customers on a page; 0 puts all of them on one.
    pub page_size: u64,
    /// What the `Link` header of a page points to.
    pub link_targets: LinkTargets,
    /// How the source's answers are compressed, if the caller accepts that.
    pub compression: Option<Compression>,
    /// The header that carries the API key.
    pub api_key_header: String,
    /// The key that `GET /customers` asks for.
    pub api_key: String,
    /// The OAuth 2.0 client.
    pub client_id: String,
    /// The OAuth 2.0 client's secret.
    pub client_secret: String,
    /// The one way of authenticating the client that is accepted.
    pub client_auth: ClientAuth,
    /// How long a token is accepted, on tokio's clock.
    pub token_ttl: Duration,
    /// How often a token is accepted; 0 is without limit.
    pub token_uses: u64,
    /// How a token's life is told.
    pub expires_in: ExpiresIn,
    /// The header that must repeat the `orderId`.
    pub idempotency_key_header: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            port: 0,
            customers: Customers::default(),
            page_size: 0,
            link_targets: LinkTargets::Relative,
            compression: None,
            api_key_header: "x-api-key".to_owned(),
            api_key: "fixture-api-key".to_owned(),
            client_id: "fixture-client".to_owned(),
            client_secret: "fixture-client-secret".to_owned(),
            client_auth: ClientAuth::Basic,
            token_ttl: Duration::from_secs(3600),
            token_uses: 0,
            expires_in: ExpiresIn::Number,
            idempotency_key_header: "Idempotency-Key".to_owned(),
        }
    }
}

/// A content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// RFC 1952
    Gzip,
    /// RFC 7932
    Brotli,
    /// RFC 8878
    Zstd,
}

/// The two kinds of target that RFC 8288 allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkTargets {
    /// `</customers?page=2>`
    Relative,
    /// `<http://127.0.0.1:4010/customers?page=2>`, with the host that the caller asked for.
    Absolute,
}

/// How a client shows who it is (RFC 6749 §2.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuth {
    /// `Authorization: Basic`, of the form-encoded id and secret.
    Basic,
    /// `client_id` and `client_secret` among the parameters.
    Post,
}

/// How a token answer speaks of the token's life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExpiresIn {
    /// `"expires_in": 3600`, as RFC 6749 has it.
    Number,
    /// `"expires_in": "3600"`, as some servers have it.
    Text,
    /// Not at all: RFC 6749 only recommends it.
    Absent,
}

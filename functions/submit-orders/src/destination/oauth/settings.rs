//! How this client is configured to prove who it is.

use http::HeaderName;
use url::Url;

/// How the client authenticates itself to the token endpoint (RFC 6749 §2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuth {
    /// HTTP Basic authentication.
    Basic,
    /// In the request's body: `client_secret_post`.
    Post,
}

/// How the destination knows this client.
#[derive(Debug, Clone)]
pub struct AuthSettings {
    pub method: AuthMethod,
    pub secret_arn: String,
    /// The headers of a POST that the secret's static headers must not replace.
    pub own_headers: Vec<HeaderName>,
}

#[derive(Debug, Clone)]
pub enum AuthMethod {
    /// OAuth 2.0: the secret has `client_id` and `client_secret`.
    Oauth(OauthSettings),
    /// The secret's `api_key` is the whole value of this header.
    ApiKey { header: HeaderName },
}

/// Where and how tokens are requested.
#[derive(Debug, Clone)]
pub struct OauthSettings {
    pub url: Url,
    pub scope: Option<String>,
    /// An extension that many servers need.
    pub audience: Option<String>,
    pub client_auth: ClientAuth,
}

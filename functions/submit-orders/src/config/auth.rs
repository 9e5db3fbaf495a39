//! How the function authenticates itself to the destination.

use http::{
    HeaderName, HeaderValue,
    header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST},
};
use shared::config::{Variables, api_url, header_name, text};

use crate::destination::oauth::{AuthMethod, ClientAuth, OauthSettings};

/// `DESTINATION_AUTH`: `oauth` (the default) with `TOKEN_URL`, `OAUTH_SCOPE`, `OAUTH_AUDIENCE`, `OAUTH_CLIENT_AUTH`, or
/// `header` with `DESTINATION_API_KEY_HEADER` (default `Authorization`).
pub(super) fn read_method(
    variables: &mut Variables<'_>,
    idempotency_key_header: &HeaderName,
) -> Option<AuthMethod> {
    let by_key = variables
        .optional("DESTINATION_AUTH", auth_by_key)
        .unwrap_or(false);
    if !by_key {
        let url = variables.required("TOKEN_URL", api_url);
        let scope = variables.optional("OAUTH_SCOPE", header_text);
        let audience = variables.optional("OAUTH_AUDIENCE", header_text);
        let client_auth = variables.optional("OAUTH_CLIENT_AUTH", client_auth);
        return Some(AuthMethod::Oauth(OauthSettings {
            url: url?,
            scope,
            audience,
            client_auth: client_auth.unwrap_or(ClientAuth::Basic),
        }));
    }
    if variables.optional("TOKEN_URL", text).is_some() {
        variables.problem("TOKEN_URL must be empty where DESTINATION_AUTH is header");
    }
    let header = variables.optional("DESTINATION_API_KEY_HEADER", api_key_header);
    let header = header.unwrap_or(AUTHORIZATION);
    if header == *idempotency_key_header {
        variables.problem("DESTINATION_API_KEY_HEADER must not be IDEMPOTENCY_KEY_HEADER");
    }
    Some(AuthMethod::ApiKey { header })
}

/// The header that it sets.
pub(super) fn method_header(method: &AuthMethod) -> HeaderName {
    match method {
        AuthMethod::Oauth(_) => AUTHORIZATION,
        AuthMethod::ApiKey { header } => header.clone(),
    }
}

fn auth_by_key(value: &str) -> Result<bool, &'static str> {
    match value {
        "oauth" => Ok(false),
        "header" => Ok(true),
        _ => Err("must be oauth or header"),
    }
}

fn api_key_header(value: &str) -> Result<HeaderName, &'static str> {
    let name = header_name(value)?;
    if [CONTENT_LENGTH, CONTENT_TYPE, HOST].contains(&name) {
        return Err("must not be Content-Length, Content-Type or Host");
    }
    Ok(name)
}

fn header_text(value: &str) -> Result<String, &'static str> {
    HeaderValue::from_str(value)
        .map(|_| value.to_owned())
        .map_err(|_| "must be printable text")
}

fn client_auth(value: &str) -> Result<ClientAuth, &'static str> {
    match value {
        "basic" => Ok(ClientAuth::Basic),
        "post" => Ok(ClientAuth::Post),
        _ => Err("must be basic or post"),
    }
}

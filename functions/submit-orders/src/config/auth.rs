//! How the function authenticates itself to the destination.

use http::{HeaderName, header::AUTHORIZATION};
use shared::{
    config::{Variables, api_url},
    header::key_header_name,
};

use crate::destination::oauth::{AuthMethod, ClientAuth, OauthSettings};

/// `DESTINATION_AUTH`: `oauth` (the default) with `TOKEN_URL`, `OAUTH_SCOPE`, `OAUTH_AUDIENCE`, `OAUTH_CLIENT_AUTH`, or
/// `header` with `DESTINATION_API_KEY_HEADER` (default `Authorization`). A variable of the other one that says anything
/// but its default is a problem: it would have no effect.
pub(super) fn read_method(
    variables: &mut Variables<'_>,
    idempotency_key_header: &HeaderName,
) -> Option<AuthMethod> {
    let by_key = match variables.optional("DESTINATION_AUTH", auth_by_key) {
        Some(by_key) => by_key,
        // It is not known which of the others apply.
        None if variables.is_set("DESTINATION_AUTH") => return None,
        None => false,
    };
    if by_key {
        let header = read_api_key_header(variables, idempotency_key_header);
        Some(AuthMethod::ApiKey { header })
    } else {
        read_oauth(variables).map(AuthMethod::Oauth)
    }
}

fn read_oauth(variables: &mut Variables<'_>) -> Option<OauthSettings> {
    variables.optional("DESTINATION_API_KEY_HEADER", |value| match value {
        // The parameter's default.
        "Authorization" => Ok(()),
        _ => Err("must be Authorization or empty where DESTINATION_AUTH is oauth"),
    });
    let url = variables.required("TOKEN_URL", api_url);
    let scope = variables.optional("OAUTH_SCOPE", printable_ascii);
    let audience = variables.optional("OAUTH_AUDIENCE", printable_ascii);
    let client_auth = variables.optional("OAUTH_CLIENT_AUTH", client_auth);
    Some(OauthSettings {
        url: url?,
        scope,
        audience,
        client_auth: client_auth.unwrap_or(ClientAuth::Basic),
    })
}

fn read_api_key_header(variables: &mut Variables<'_>, idempotency_key_header: &HeaderName) -> HeaderName {
    for name in ["TOKEN_URL", "OAUTH_SCOPE", "OAUTH_AUDIENCE"] {
        if variables.is_set(name) {
            variables.problem(&format!("{name} must be empty where DESTINATION_AUTH is header"));
        }
    }
    variables.optional("OAUTH_CLIENT_AUTH", |value| match value {
        // The parameter's default.
        "basic" => Ok(()),
        _ => Err("must be basic or empty where DESTINATION_AUTH is header"),
    });
    let header = variables.optional("DESTINATION_API_KEY_HEADER", key_header_name);
    let header = header.unwrap_or(AUTHORIZATION);
    if header == *idempotency_key_header {
        variables.problem("DESTINATION_API_KEY_HEADER must not be IDEMPOTENCY_KEY_HEADER");
    }
    header
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

fn printable_ascii(value: &str) -> Result<String, &'static str> {
    if value.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        Ok(value.to_owned())
    } else {
        Err("must be printable ASCII")
    }
}

fn client_auth(value: &str) -> Result<ClientAuth, &'static str> {
    match value {
        "basic" => Ok(ClientAuth::Basic),
        "post" => Ok(ClientAuth::Post),
        _ => Err("must be basic or post"),
    }
}

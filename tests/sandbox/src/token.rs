//! The token endpoint: `POST /oauth/token`, the client-credentials grant (RFC 6749 §4.4).

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State as Shares;
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use bytes::Bytes;
use data_encoding::BASE64;
use serde_json::{Value, json};
use tokio::time::Instant;
use url::form_urlencoded;

use crate::connection::Wire;
use crate::echo::Sent;
use crate::faults::Endpoint;
use crate::misbehave;
use crate::record::TokenRequest;
use crate::settings::{ClientAuth, ExpiresIn};
use crate::state::{Shared, State, Token};

pub(crate) async fn post(
    Shares(shared): Shares<Arc<Shared>>,
    Extension(wire): Extension<Wire>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let rule = shared.change(|state| state.arrived(Endpoint::Token));
    let process = || shared.change(|state| process(state, &headers, &body));
    let sent = Sent {
        headers: &headers,
        body: &body,
    };
    let response = misbehave::answer(rule, &wire, &sent, process).await;
    shared.change(|state| state.answered(Endpoint::Token, response.status()));
    response
}

/// The error codes of RFC 6749 §5.2 that can happen here.
#[derive(Clone, Copy, PartialEq)]
enum Refusal {
    InvalidRequest,
    InvalidClient,
    UnsupportedGrantType,
}

fn process(state: &mut State, headers: &HeaderMap, body: &[u8]) -> Response {
    let mut request = TokenRequest::default();
    let granted = check(state, headers, body, &mut request).map(|()| issue(state));
    let mut response = match granted {
        Ok(token) => (StatusCode::OK, Json(token)).into_response(),
        Err(refusal) => {
            let (status, error) = match refusal {
                Refusal::InvalidRequest => (StatusCode::BAD_REQUEST, "invalid_request"),
                Refusal::InvalidClient => (StatusCode::UNAUTHORIZED, "invalid_client"),
                Refusal::UnsupportedGrantType => (StatusCode::BAD_REQUEST, "unsupported_grant_type"),
            };
            (status, Json(json!({ "error": error }))).into_response()
        }
    };
    // RFC 6749 §5.2: a client that used the Authorization header gets a WWW-Authenticate header.
    if response.status() == StatusCode::UNAUTHORIZED && request.client_auth == Some(ClientAuth::Basic) {
        response.headers_mut().insert(
            WWW_AUTHENTICATE,
            HeaderValue::from_static("Basic realm=\"sandbox\""),
        );
    }
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    request.status = response.status().as_u16();
    state.record.token_requests.push(request);
    response
}

/// Records the parameters in `request`, and refuses an invalid one.
fn check(state: &State, headers: &HeaderMap, body: &[u8], request: &mut TokenRequest) -> Result<(), Refusal> {
    let content_type = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    if !content_type.starts_with("application/x-www-form-urlencoded") {
        return Err(Refusal::InvalidRequest);
    }
    let mut parameters = HashMap::new();
    for (name, value) in form_urlencoded::parse(body) {
        // RFC 6749 §3.2: parameters must not be included more than once.
        if parameters.insert(name, value).is_some() {
            return Err(Refusal::InvalidRequest);
        }
    }
    let parameter = |name: &str| parameters.get(name).map(|value| value.clone().into_owned());
    request.scope = parameter("scope");
    request.audience = parameter("audience");

    let header = headers.get(AUTHORIZATION).map(|value| value.as_bytes());
    let (client, how) = match (header, parameter("client_secret")) {
        (Some(_), Some(_)) => return Err(Refusal::InvalidRequest),
        (Some(header), None) => (basic(header), ClientAuth::Basic),
        (None, secret) => (parameter("client_id").zip(secret), ClientAuth::Post),
    };
    request.client_auth = Some(how);
    let Some((id, secret)) = client else {
        return Err(Refusal::InvalidClient);
    };
    request.client_id = Some(id.clone());
    let settings = &state.settings;
    if how != settings.client_auth || id != settings.client_id || secret != settings.client_secret {
        return Err(Refusal::InvalidClient);
    }
    match parameter("grant_type").as_deref() {
        Some("client_credentials") => Ok(()),
        Some(_) => Err(Refusal::UnsupportedGrantType),
        None => Err(Refusal::InvalidRequest),
    }
}

/// Id and secret of an `Authorization: Basic`, each form-encoded before they were joined (RFC 6749 §2.3.1).
fn basic(header: &[u8]) -> Option<(String, String)> {
    let (scheme, credentials) = header.split_at_checked("Basic ".len())?;
    if !scheme.eq_ignore_ascii_case(b"Basic ") {
        return None;
    }
    let credentials = String::from_utf8(BASE64.decode(credentials).ok()?).ok()?;
    let (id, secret) = credentials.split_once(':')?;
    Some((form_decoded(id)?, form_decoded(secret)?))
}

fn form_decoded(text: &str) -> Option<String> {
    // What separates the parts of a form would have been encoded.
    if text.contains(['=', '&']) {
        return None;
    }
    let part = form_urlencoded::parse(text.as_bytes()).next();
    Some(part.map(|(name, _)| name.into_owned()).unwrap_or_default())
}

fn issue(state: &mut State) -> Value {
    let token = format!("fixture-token-{:032x}", rand::random::<u128>());
    let ttl = state.settings.token_ttl;
    let now = Instant::now();
    state.tokens.insert(
        token.clone(),
        Token {
            valid_from: now + state.settings.token_delay,
            expires: now + ttl,
            uses: 0,
        },
    );
    state.record.counters.token_grants += 1;
    let mut answer = json!({ "access_token": token, "token_type": "Bearer" });
    let expires_in = match state.settings.expires_in {
        ExpiresIn::Number => Some(Value::from(ttl.as_secs())),
        ExpiresIn::Text => Some(Value::from(ttl.as_secs().to_string())),
        ExpiresIn::Absent => None,
    };
    if let (Some(answer), Some(expires_in)) = (answer.as_object_mut(), expires_in) {
        answer.insert("expires_in".to_owned(), expires_in);
    }
    answer
}

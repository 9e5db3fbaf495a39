//! One request to the token endpoint.

use http::{HeaderMap, StatusCode, header::AUTHORIZATION};
use oauth2::{
    AuthType, Client, ClientId, ClientSecret, EmptyExtraTokenFields, HttpRequest, HttpResponse,
    RequestTokenError, Scope, StandardRevocableToken, StandardTokenIntrospectionResponse, TokenUrl,
    basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenType},
};
use reqwest::Request;
use shared::{clock::WallClock, http::retry_after::RetryAfter};
use tokio::time::Instant;

use super::{
    error::TokenErrorKind,
    grant::{self, Grant},
    settings::{ClientAuth, OauthSettings},
};
use crate::destination::{call_stats::CallRecorder, credentials::Credentials, transport::Transport};

/// The token endpoint, until `deadline`.
pub(super) struct TokenEndpoint<'a> {
    pub(super) settings: &'a OauthSettings,
    pub(super) transport: &'a dyn Transport,
    pub(super) wall_clock: &'a WallClock,
    pub(super) calls: &'a CallRecorder,
    pub(super) deadline: Instant,
}

type OauthClient = Client<
    BasicErrorResponse,
    Grant,
    StandardTokenIntrospectionResponse<EmptyExtraTokenFields, BasicTokenType>,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
>;

impl TokenEndpoint<'_> {
    pub(super) async fn request(&self, id: &str, secret: &str) -> Result<Grant, TokenErrorKind> {
        let client: OauthClient = Client::new(ClientId::new(id.to_owned()))
            .set_client_secret(ClientSecret::new(secret.to_owned()))
            .set_auth_type(match self.settings.client_auth {
                ClientAuth::Basic => AuthType::BasicAuth,
                ClientAuth::Post => AuthType::RequestBody,
            });
        let client = client.set_token_uri(TokenUrl::from_url(self.settings.url.clone()));
        let mut request = client.exchange_client_credentials();
        if let Some(scope) = &self.settings.scope {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        if let Some(audience) = &self.settings.audience {
            request = request.add_extra_param("audience", audience);
        }
        let granted = request
            .request_async(&|request| self.send(request, id, secret))
            .await;
        granted.map_err(|error| match error {
            RequestTokenError::Request(error) => error,
            // `send` lets nothing but a grant through.
            RequestTokenError::ServerResponse(_)
            | RequestTokenError::Parse(..)
            | RequestTokenError::Other(_) => TokenErrorKind::NoToken {
                status: StatusCode::OK,
            },
        })
    }

    /// Sends one request for the `oauth2` crate, and lets it read a grant only: what else there is in an answer is read
    /// here, since the crate demands the status 200 and a content type, and keeps the answer in its errors.
    async fn send(
        &self,
        request: HttpRequest,
        id: &str,
        secret: &str,
    ) -> Result<HttpResponse, TokenErrorKind> {
        let timeout = self.deadline.saturating_duration_since(Instant::now());
        self.calls.record_token_request();
        let (parts, body) = request.into_parts();
        let sent = sent(&parts.headers, &body, id, secret);
        let mut request = Request::new(parts.method, self.settings.url.clone());
        *request.headers_mut() = parts.headers;
        *request.body_mut() = Some(body.into());
        let answer = self.transport.send(request, timeout).await?;
        let min_delay = RetryAfter::read(answer.headers(), (self.wall_clock)()).delay();
        grant::read(&answer, &sent, min_delay)
    }
}

/// Everything that must not come back: the client id and the form as a whole, and any part of what is secret.
fn sent(headers: &HeaderMap, form: &[u8], id: &str, secret: &str) -> Credentials {
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let basic = authorization.and_then(|value| value.strip_prefix("Basic "));
    let form = String::from_utf8_lossy(form);
    Credentials::new([secret].into_iter().chain(basic)).with_whole([id, form.as_ref()])
}

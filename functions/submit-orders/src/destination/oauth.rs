//! The access token, by the OAuth 2.0 client-credentials grant (RFC 6749 §4.4).

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aws_sdk_secretsmanager::Client as SecretsManager;
use http::{HeaderValue, StatusCode};
use oauth2::{
    AccessToken, AuthType, Client, ClientId, ClientSecret, EmptyExtraTokenFields, HttpRequest, HttpResponse,
    RefreshToken, RequestTokenError, Scope, StandardRevocableToken, StandardTokenIntrospectionResponse,
    TokenResponse, TokenUrl,
    basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenType},
};
use reqwest::Request;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::{
    clock::WallClock,
    config::secret_header_value,
    http::is_transient,
    http::retry_after::RetryAfter,
    secret::{SecretError, read_secret},
};
use tokio::{sync::Mutex, time::Instant};
use url::Url;

use crate::{
    destination::call_stats::CallRecorder,
    destination::problem,
    destination::transport::{BrokenOff, Transport, Unreachable},
};

/// How long before its end a token is replaced: longer than a POST may take, so that none is under way with a
/// token that has just ended. Of a token that lives for less than twice this, half its life.
const RENEW_BEFORE_END: Duration = Duration::from_secs(30);

/// How long a token is used whose life the server does not tell (`expires_in` is only recommended, RFC 6749
/// §5.1). If it ends before, the destination answers 401, and it is replaced then.
const DEFAULT_TTL: Duration = Duration::from_secs(300);

/// The longest that a token is used, whatever the server says: an instance seldom lives longer.
const MAX_TTL: Duration = Duration::from_secs(12 * 60 * 60);

/// How the client authenticates itself to the token endpoint (RFC 6749 §2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuth {
    /// HTTP Basic authentication.
    Basic,
    /// In the request's body: `client_secret_post`.
    Post,
}

/// Where and how tokens are requested.
#[derive(Debug, Clone)]
pub struct TokenSettings {
    /// The token endpoint.
    pub url: Url,
    /// The scope to ask for.
    pub scope: Option<String>,
    /// The audience to ask for, an extension that many servers need.
    pub audience: Option<String>,
    /// How the client says who it is.
    pub client_auth: ClientAuth,
    /// The secret with `client_id` and `client_secret`.
    pub secret_arn: String,
}

/// A token that the destination may take.
#[derive(Debug)]
pub struct Token {
    /// `Bearer …`, marked as sensitive.
    pub authorization: HeaderValue,
    renew_at: Instant,
}

/// There is no token now.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TokenError {
    /// The client's credentials could not be read.
    #[error(transparent)]
    Credentials(#[from] SecretError),
    /// The token endpoint refused, by an error of RFC 6749 §5.2 or a status that says so.
    #[error("the token endpoint refused with {status}: {says}")]
    Refused {
        /// Its status.
        status: StatusCode,
        /// The error code, such as `invalid_client`, and what it says of it.
        says: String,
        /// The wait it asked for.
        min_delay: Duration,
    },
    /// The token endpoint cannot now.
    #[error("the token endpoint is busy: {status}")]
    Transient {
        /// Its status.
        status: StatusCode,
        /// The wait it asked for.
        min_delay: Duration,
    },
    /// No answer from the token endpoint.
    #[error("the token endpoint is unreachable: {0}")]
    Unreachable(#[from] Unreachable),
    /// The answer holds no token that a header can carry.
    #[error("the token endpoint's answer holds no access token")]
    NotAToken,
}

/// Requests tokens, keeps the last one until shortly before its end, and lets all who need one wait for the
/// same request.
pub struct Tokens {
    settings: TokenSettings,
    token_url: TokenUrl,
    secrets: SecretsManager,
    transport: Arc<dyn Transport>,
    wall_clock: WallClock,
    calls: Arc<CallRecorder>,
    state: Mutex<State>,
    attempts: AtomicU64,
}

#[derive(Default)]
struct State {
    last: Option<Result<Arc<Token>, TokenError>>,
}

impl Tokens {
    /// Sets up; requests nothing yet.
    pub fn new(
        settings: TokenSettings,
        secrets: SecretsManager,
        transport: Arc<dyn Transport>,
        wall_clock: WallClock,
        calls: Arc<CallRecorder>,
    ) -> Self {
        Self {
            token_url: TokenUrl::from_url(settings.url.clone()),
            settings,
            secrets,
            transport,
            wall_clock,
            calls,
            state: Mutex::default(),
            attempts: AtomicU64::new(0),
        }
    }

    /// A token other than `stale`, which the destination refused: the one that is kept, or a new one.
    ///
    /// One request serves all who wait for it, also where it fails: a token endpoint that is down is asked
    /// once, not once per order.
    ///
    /// # Errors
    /// No token could be had timeout `timeout`.
    pub async fn get(&self, stale: Option<&Arc<Token>>, timeout: Duration) -> Result<Arc<Token>, TokenError> {
        let until = Instant::now() + timeout;
        let before = self.attempts();
        let mut state = tokio::time::timeout_at(until, self.state.lock())
            .await
            .map_err(|_| Unreachable::TimedOut)?;
        let answered_meanwhile = self.attempts() != before;
        match &state.last {
            Some(Ok(token))
                if stale.is_none_or(|stale| !Arc::ptr_eq(stale, token))
                    && (answered_meanwhile || Instant::now() < token.renew_at) =>
            {
                tracing::debug!("the token at hand is used");
                return Ok(Arc::clone(token));
            }
            Some(Err(error)) if answered_meanwhile => return Err(error.clone()),
            Some(Ok(_) | Err(_)) | None => {}
        }
        // In a box, since it is large and rare: every order's future has room for all that it may hold.
        let token = tokio::time::timeout_at(until, Box::pin(self.request(until)))
            .await
            .unwrap_or(Err(TokenError::Unreachable(Unreachable::TimedOut)))
            .map(Arc::new);
        let reason = token.as_ref().err().map(tracing::field::display);
        tracing::debug!(reason, "a token was requested");
        self.attempts.fetch_add(1, Ordering::Relaxed);
        state.last = Some(token.clone());
        token
    }

    /// How many times a token was requested so far.
    #[must_use]
    pub fn attempts(&self) -> u64 {
        self.attempts.load(Ordering::Relaxed)
    }

    async fn request(&self, until: Instant) -> Result<Token, TokenError> {
        let [id, secret] = read_secret(
            &self.secrets,
            &self.settings.secret_arn,
            &["client_id", "client_secret"],
        )
        .await?;
        let client: OauthClient = Client::new(ClientId::new(id.expose_secret().to_owned()))
            .set_client_secret(ClientSecret::new(secret.expose_secret().to_owned()))
            .set_auth_type(match self.settings.client_auth {
                ClientAuth::Basic => AuthType::BasicAuth,
                ClientAuth::Post => AuthType::RequestBody,
            });
        let client = client.set_token_uri(self.token_url.clone());
        let mut request = client.exchange_client_credentials();
        if let Some(scope) = &self.settings.scope {
            request = request.add_scope(Scope::new(scope.clone()));
        }
        if let Some(audience) = &self.settings.audience {
            request = request.add_extra_param("audience", audience);
        }
        // The token's life is counted from here: it cannot have begun before.
        let asked_at = Instant::now();
        let sensitive = [id.expose_secret(), secret.expose_secret()];
        let granted = request
            .request_async(&|request| self.send(request, sensitive, until))
            .await;
        match granted {
            Ok(granted) if granted.access_token.secret().is_empty() => Err(TokenError::NotAToken),
            Ok(granted) => {
                let token = format!("Bearer {}", granted.access_token.secret());
                let authorization = secret_header_value(&token).map_err(|_| TokenError::NotAToken)?;
                let life = granted.expires_in().unwrap_or(DEFAULT_TTL).min(MAX_TTL);
                let renew_at = asked_at + life.saturating_sub(RENEW_BEFORE_END.min(life / 2));
                Ok(Token {
                    authorization,
                    renew_at,
                })
            }
            Err(RequestTokenError::Request(error)) => Err(error),
            Err(
                RequestTokenError::ServerResponse(_)
                | RequestTokenError::Parse(..)
                | RequestTokenError::Other(_),
            ) => Err(TokenError::NotAToken),
        }
    }

    /// Sends one request for the `oauth2` crate, and lets it read an answer of status 200 only: any other is
    /// told apart here, by its status, which the crate would drop.
    async fn send(
        &self,
        request: HttpRequest,
        sensitive: [&str; 2],
        until: Instant,
    ) -> Result<HttpResponse, TokenError> {
        let timeout = until.saturating_duration_since(Instant::now());
        self.calls.record_token_request();
        let (parts, body) = request.into_parts();
        let mut request = Request::new(parts.method, self.settings.url.clone());
        *request.headers_mut() = parts.headers;
        *request.body_mut() = Some(body.into());
        let answer = self.transport.send(request, timeout).await?;
        let status = answer.status();
        let min_delay = RetryAfter::read(answer.headers(), (self.wall_clock)()).delay();
        match status.as_u16() {
            200 => match answer.extensions().get() {
                Some(&BrokenOff(why)) => Err(why.into()),
                None => Ok(answer.map(|body| body.to_vec())),
            },
            _ if is_transient(status) => Err(TokenError::Transient { status, min_delay }),
            _ => Err(TokenError::Refused {
                status,
                says: problem::line(answer.body(), sensitive),
                min_delay,
            }),
        }
    }
}

type OauthClient = Client<
    BasicErrorResponse,
    Granted,
    StandardTokenIntrospectionResponse<EmptyExtraTokenFields, BasicTokenType>,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
>;

/// A token answer, read more kindly than `oauth2` does by itself: some servers write `expires_in` as a string.
#[derive(Debug, Serialize, Deserialize)]
struct Granted {
    access_token: AccessToken,
    #[serde(default)]
    expires_in: Option<Value>,
}

impl TokenResponse for Granted {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    // Whatever the server calls it, it is sent as a bearer token.
    fn token_type(&self) -> &BasicTokenType {
        &BasicTokenType::Bearer
    }

    fn expires_in(&self) -> Option<Duration> {
        let value = self.expires_in.as_ref()?;
        let secs = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok())?;
        Duration::try_from_secs_f64(secs).ok()
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        None
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}

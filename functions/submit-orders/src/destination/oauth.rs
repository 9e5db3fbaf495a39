//! The access token, by the OAuth 2.0 client-credentials grant (RFC 6749 §4.4).

mod grant;

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aws_sdk_secretsmanager::Client as SecretsManager;
use http::{HeaderValue, StatusCode, header::AUTHORIZATION};
use oauth2::{
    AuthType, Client, ClientId, ClientSecret, EmptyExtraTokenFields, HttpRequest, HttpResponse,
    RequestTokenError, Scope, StandardRevocableToken, StandardTokenIntrospectionResponse, TokenUrl,
    basic::{BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenType},
};
use reqwest::Request;
use secrecy::ExposeSecret;
use shared::{
    clock::WallClock,
    config::secret_header_value,
    http::{Unreachable, retry_after::RetryAfter},
    secret::{SecretError, read_secret},
};
use tokio::{sync::Mutex, time::Instant};
use url::Url;

use super::{call_stats::CallRecorder, credentials::Credentials, transport::Transport};
use grant::Grant;

/// How long before its end a token is replaced: longer than a POST may take, so that no POST is under way with a token
/// that has just ended. Of a token that lives for less than twice this, half its life.
const RENEW_BEFORE_END: Duration = Duration::from_secs(30);

/// How long a token is used whose life the server does not tell (`expires_in` is only recommended, RFC 6749 §5.1), or
/// tells as nothing (some servers write 0 for "no end"). If it ends before, the destination answers 401, and it is
/// replaced then.
const DEFAULT_TTL: Duration = Duration::from_secs(300);

/// The longest that a token is used, whatever the server says: an instance seldom lives longer.
const MAX_TTL: Duration = Duration::from_secs(12 * 60 * 60);

/// Whatever `token_type` the server calls it (RFC 6750 §2.1).
const SCHEME: &str = "Bearer ";

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
    pub url: Url,
    pub scope: Option<String>,
    /// An extension that many servers need.
    pub audience: Option<String>,
    pub client_auth: ClientAuth,
    /// The secret with `client_id` and `client_secret`.
    pub secret_arn: String,
}

/// A token that the destination may accept.
#[derive(Debug)]
pub struct Token {
    /// `Bearer …`, marked as sensitive.
    pub authorization: HeaderValue,
    requested_at: Instant,
    renew_at: Instant,
    /// Made on first need.
    credentials: OnceLock<Credentials>,
}

impl Token {
    /// What no text of the destination may repeat.
    pub(crate) fn credentials(&self) -> &Credentials {
        self.credentials.get_or_init(|| {
            let authorization = self.authorization.to_str().unwrap_or_default();
            Credentials::new(authorization.strip_prefix(SCHEME))
        })
    }

    /// Since it was requested: it cannot be older.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.requested_at.elapsed()
    }
}

/// A request for a token failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{kind}")]
pub struct TokenError {
    /// The number of the request, from 1. All who waited for the same request get its error: it is one failure.
    pub request: u64,
    pub kind: TokenErrorKind,
}

/// Why a request for a token failed. Of the token endpoint's answer it holds the status and the error code, and the
/// description only where that repeats nothing that was sent.
#[derive(Debug, Clone, thiserror::Error)]
pub enum TokenErrorKind {
    /// The client's credentials could not be read.
    #[error(transparent)]
    Credentials(#[from] SecretError),
    /// An error of RFC 6749 §5.2, whatever its status, or a status that says so.
    #[error("the token endpoint refused with {status}{}{}", after_colon(.error_code), after_colon(.description))]
    Refused {
        status: StatusCode,
        /// Such as `invalid_client`.
        error_code: Option<String>,
        /// `error_description`, one line.
        description: Option<String>,
        /// What `Retry-After` asked for.
        min_delay: Duration,
    },
    #[error("the token endpoint answered {status}{}", after_colon(.error_code))]
    Transient {
        status: StatusCode,
        error_code: Option<String>,
        min_delay: Duration,
    },
    #[error("the token endpoint is unreachable: {0}")]
    Unreachable(#[from] Unreachable),
    /// The answer holds no token that a header can carry.
    #[error("the token endpoint answered {status}, but without an access token: check TokenUrl")]
    NoToken { status: StatusCode },
}

fn after_colon(text: &Option<String>) -> String {
    text.as_ref().map(|text| format!(": {text}")).unwrap_or_default()
}

impl TokenErrorKind {
    /// The field `error_code` in the log.
    #[must_use]
    pub fn error_code(&self) -> Option<&str> {
        match self {
            Self::Refused { error_code, .. } | Self::Transient { error_code, .. } => error_code.as_deref(),
            Self::Unreachable(why) => Some(why.code()),
            Self::Credentials(_) | Self::NoToken { .. } => None,
        }
    }

    /// What the token endpoint answered, where it did.
    #[must_use]
    pub const fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused { status, .. } | Self::Transient { status, .. } | Self::NoToken { status } => {
                Some(*status)
            }
            Self::Credentials(_) | Self::Unreachable(_) => None,
        }
    }
}

/// Requests tokens, keeps the last one until shortly before its end, and lets all who need one wait for the same request.
pub struct Tokens {
    settings: TokenSettings,
    token_url: TokenUrl,
    secrets: SecretsManager,
    transport: Arc<dyn Transport>,
    wall_clock: WallClock,
    calls: Arc<CallRecorder>,
    /// What the last request led to.
    last: Mutex<Option<Result<Arc<Token>, TokenError>>>,
    requests: AtomicU64,
}

impl Tokens {
    pub(crate) fn new(
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
            last: Mutex::default(),
            requests: AtomicU64::new(0),
        }
    }

    /// A token other than `stale`, which the destination did not accept: the one that is kept, or a new one.
    ///
    /// One request serves all who wait for it, also where it fails: a token endpoint that is down gets one request, not
    /// one per order.
    ///
    /// # Errors
    /// No token could be had in `timeout`.
    pub(crate) async fn get(
        &self,
        stale: Option<&Arc<Token>>,
        timeout: Duration,
    ) -> Result<Arc<Token>, TokenError> {
        let deadline = Instant::now() + timeout;
        let before = self.requests();
        let timed_out = |request| TokenError {
            request,
            kind: Unreachable::TimedOut.into(),
        };
        let mut last = tokio::time::timeout_at(deadline, self.last.lock())
            .await
            .map_err(|_| timed_out(before + 1))?;
        let request = self.requests() + 1;
        let answered_meanwhile = request != before + 1;
        match last.as_ref() {
            Some(Ok(token))
                if stale.is_none_or(|stale| !Arc::ptr_eq(stale, token))
                    && (answered_meanwhile || Instant::now() < token.renew_at) =>
            {
                tracing::debug!(event = "token_reused", "token reused");
                return Ok(Arc::clone(token));
            }
            Some(Err(error)) if answered_meanwhile => return Err(error.clone()),
            Some(Ok(_) | Err(_)) | None => {}
        }
        // In a box, since it is large and rare: every order's future has room for all that it may hold.
        let token = tokio::time::timeout_at(deadline, Box::pin(self.request(deadline)))
            .await
            .unwrap_or_else(|_| Err(Unreachable::TimedOut.into()))
            .map(Arc::new)
            .map_err(|kind| TokenError { request, kind });
        log_requested(&token);
        self.requests.store(request, Ordering::Relaxed);
        *last = Some(token.clone());
        token
    }

    /// How many requests ended.
    fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    async fn request(&self, deadline: Instant) -> Result<Token, TokenErrorKind> {
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
        let requested_at = Instant::now();
        let granted = request
            .request_async(&|request| {
                self.send(request, id.expose_secret(), secret.expose_secret(), deadline)
            })
            .await;
        match granted {
            Ok(grant) => token(&grant, requested_at),
            Err(RequestTokenError::Request(error)) => Err(error),
            // `send` lets nothing but a grant through.
            Err(
                RequestTokenError::ServerResponse(_)
                | RequestTokenError::Parse(..)
                | RequestTokenError::Other(_),
            ) => Err(TokenErrorKind::NoToken {
                status: StatusCode::OK,
            }),
        }
    }

    /// Sends one request for the `oauth2` crate, and lets it read a grant only: what else there is in an answer is read
    /// here, since the crate demands the status 200 and a content type, and keeps the answer in its errors.
    async fn send(
        &self,
        request: HttpRequest,
        id: &str,
        secret: &str,
        deadline: Instant,
    ) -> Result<HttpResponse, TokenErrorKind> {
        let timeout = deadline.saturating_duration_since(Instant::now());
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
fn sent(headers: &http::HeaderMap, form: &[u8], id: &str, secret: &str) -> Credentials {
    let authorization = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let basic = authorization.and_then(|value| value.strip_prefix("Basic "));
    let form = String::from_utf8_lossy(form);
    Credentials::new([secret].into_iter().chain(basic)).with_whole([id, form.as_ref()])
}

fn token(grant: &Grant, requested_at: Instant) -> Result<Token, TokenErrorKind> {
    let authorization = format!("{SCHEME}{}", grant.token());
    let authorization = secret_header_value(&authorization).map_err(|_| TokenErrorKind::NoToken {
        status: StatusCode::OK,
    })?;
    let ttl = grant.ttl().unwrap_or(DEFAULT_TTL).min(MAX_TTL);
    Ok(Token {
        authorization,
        requested_at,
        credentials: OnceLock::new(),
        renew_at: requested_at + ttl.saturating_sub(RENEW_BEFORE_END.min(ttl / 2)),
    })
}

fn log_requested(token: &Result<Arc<Token>, TokenError>) {
    let error = token.as_ref().err();
    tracing::debug!(
        event = "token_requested",
        status = error
            .and_then(|error| error.kind.status())
            .map(|status| status.as_u16()),
        error_code = error.and_then(|error| error.kind.error_code()),
        reason = error.map(tracing::field::display),
        "token requested"
    );
}

type OauthClient = Client<
    BasicErrorResponse,
    Grant,
    StandardTokenIntrospectionResponse<EmptyExtraTokenFields, BasicTokenType>,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
>;

//! How the destination knows this client: an access token, by the OAuth 2.0 client-credentials grant (RFC 6749 §4.4), or
//! an API key.

mod endpoint;
mod error;
mod fix;
mod grant;
mod preflight;
mod settings;
mod token;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aws_sdk_secretsmanager::Client as SecretsManager;
use http::{HeaderName, header::AUTHORIZATION};
use secrecy::ExposeSecret;
use shared::{
    clock::WallClock,
    header::secret_header_value,
    http::Unreachable,
    secret::{Secret, SecretError, Wanted, read_secret},
};
use tokio::{sync::Mutex, time::Instant};

use super::{call_stats::CallRecorder, transport::Transport};
use endpoint::TokenEndpoint;
pub use error::{TokenError, TokenErrorKind};
pub use settings::{AuthMethod, AuthSettings, ClientAuth, OauthSettings};
pub use token::Token;

/// How long a token is used whose lifetime the server leaves out (`expires_in` is only recommended, RFC 6749 §5.1), or
/// states as 0 (some servers mean "no end"). If it ends before, the destination answers 401, and it is
/// replaced then.
const DEFAULT_TTL: Duration = Duration::from_secs(300);

/// The longest that a token is used, whatever the server says: an instance seldom lives longer.
const MAX_TTL: Duration = Duration::from_secs(12 * 60 * 60);

/// Whatever `token_type` the server calls it (RFC 6750 §2.1).
const SCHEME: &str = "Bearer ";

/// Requests tokens, keeps the last one until shortly before its end, and lets all who need one wait for the same request.
/// An API key is read in the place of a token, and kept for one batch.
pub struct Tokens {
    settings: AuthSettings,
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
        settings: AuthSettings,
        secrets: SecretsManager,
        transport: Arc<dyn Transport>,
        wall_clock: WallClock,
        calls: Arc<CallRecorder>,
    ) -> Self {
        Self {
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
        let mut last = tokio::time::timeout_at(deadline, self.last.lock())
            .await
            .map_err(|_| TokenError {
                request: TokenError::NOT_ENDED,
                kind: TokenErrorKind::NotEnded,
            })?;
        let request = self.requests() + 1;
        let answered_meanwhile = request != before + 1;
        match last.as_ref() {
            Some(Ok(token))
                if stale.is_none_or(|stale| !Arc::ptr_eq(stale, token))
                    && (answered_meanwhile || !token.is_to_be_renewed()) =>
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

    /// Forgets an API key: it is kept for no longer than one batch needs it, and so a rotated key is used from the next
    /// batch on. An access token is kept: the next one would cost a request to its endpoint.
    pub(crate) async fn forget_api_key(&self) {
        match self.settings.method {
            AuthMethod::ApiKey { .. } => *self.last.lock().await = None,
            AuthMethod::Oauth(_) => {}
        }
    }

    /// How many requests ended.
    fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    async fn request(&self, deadline: Instant) -> Result<Token, TokenErrorKind> {
        match &self.settings.method {
            AuthMethod::Oauth(settings) => self.request_token(settings, deadline).await,
            AuthMethod::ApiKey { header } => self.read_api_key(header, deadline).await,
        }
    }

    async fn request_token(
        &self,
        settings: &OauthSettings,
        deadline: Instant,
    ) -> Result<Token, TokenErrorKind> {
        let secret = self.read_client(deadline).await?;
        self.exchange(settings, secret, &self.calls, deadline).await
    }

    async fn read_client(&self, deadline: Instant) -> Result<Secret<2>, SecretError> {
        self.read_secret(&["client_id", "client_secret"], deadline).await
    }

    /// A token for the client. `calls` records the request.
    async fn exchange(
        &self,
        settings: &OauthSettings,
        secret: Secret<2>,
        calls: &CallRecorder,
        deadline: Instant,
    ) -> Result<Token, TokenErrorKind> {
        let [id, client_secret] = &secret.fields;
        // The token's life is counted from here: it cannot have begun before.
        let requested_at = Instant::now();
        let endpoint = TokenEndpoint {
            settings,
            transport: &*self.transport,
            wall_clock: &self.wall_clock,
            calls,
            deadline,
        };
        let grant = endpoint
            .request(id.expose_secret(), client_secret.expose_secret())
            .await?;
        let value = format!("{SCHEME}{}", grant.token());
        let value = secret_header_value(&value).map_err(|_| TokenErrorKind::UnusableToken {
            status: grant.status(),
        })?;
        let ttl = grant.ttl().unwrap_or(DEFAULT_TTL).min(MAX_TTL);
        Ok(Token::new(
            (AUTHORIZATION, value),
            secret.headers,
            requested_at,
            ttl,
        ))
    }

    /// The key as a token that lives until it is forgotten.
    async fn read_api_key(&self, header: &HeaderName, deadline: Instant) -> Result<Token, TokenErrorKind> {
        const FIELDS: &[&str; 1] = &["api_key"];
        let requested_at = Instant::now();
        let secret = self.read_secret(FIELDS, deadline).await?;
        let [key] = &secret.fields;
        let value = secret_header_value(key.expose_secret()).map_err(|_| SecretError::Unusable {
            arn: self.settings.secret_arn.clone(),
            wanted: FIELDS,
            reason: "`api_key` holds characters that no HTTP header can carry".to_owned(),
        })?;
        let own_header = (header.clone(), value);
        Ok(Token::new(
            own_header,
            secret.headers,
            requested_at,
            Duration::MAX,
        ))
    }

    async fn read_secret<const N: usize>(
        &self,
        fields: &'static [&'static str; N],
        deadline: Instant,
    ) -> Result<Secret<N>, SecretError> {
        let (arn, own_headers) = (&self.settings.secret_arn, &self.settings.own_headers);
        let wanted = Wanted { fields, own_headers };
        let secret = tokio::time::timeout_at(deadline, read_secret(&self.secrets, arn, wanted)).await;
        secret.unwrap_or_else(|_| {
            Err(SecretError::Unreadable {
                arn: arn.clone(),
                reason: "Secrets Manager did not answer in time".to_owned(),
                code: None,
                is_transient: true,
            })
        })
    }
}

fn log_requested(token: &Result<Arc<Token>, TokenError>) {
    let error = token.as_ref().err();
    tracing::debug!(
        event = "token_requested",
        status = error
            .and_then(|error| error.kind.status())
            .map(|status| status.as_u16()),
        error_code = error.and_then(|error| error.kind.error_code()),
        detail = error.map(tracing::field::display),
        "token requested"
    );
}

//! How the destination knows this client: an access token, by the OAuth 2.0 client-credentials grant (RFC 6749 §4.4), or
//! an API key.

mod endpoint;
mod error;
mod fix;
mod grant;
mod preflight;
mod settings;

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aws_sdk_secretsmanager::Client as SecretsManager;
use data_encoding::BASE64;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header::AUTHORIZATION};
use secrecy::ExposeSecret;
use shared::{
    clock::WallClock,
    header::secret_header_value,
    http::Unreachable,
    secret::{Secret, SecretError, Wanted, read_secret},
};
use tokio::{sync::Mutex, time::Instant};

use super::{call_stats::CallRecorder, credentials::Credentials, transport::Transport};
use endpoint::TokenEndpoint;
pub use error::{TokenError, TokenErrorKind};
pub use settings::{AuthMethod, AuthSettings, ClientAuth, OauthSettings};

/// How long before its end a token is replaced: longer than a POST may take, so that no POST is under way with a token
/// that has just ended. Of a token that lives for less than twice this, half its life.
const RENEW_BEFORE_END: Duration = Duration::from_secs(30);

/// How long a token is used whose lifetime the server leaves out (`expires_in` is only recommended, RFC 6749 §5.1), or
/// states as 0 (some servers mean "no end"). If it ends before, the destination answers 401, and it is
/// replaced then.
const DEFAULT_TTL: Duration = Duration::from_secs(300);

/// The longest that a token is used, whatever the server says: an instance seldom lives longer.
const MAX_TTL: Duration = Duration::from_secs(12 * 60 * 60);

/// Whatever `token_type` the server calls it (RFC 6750 §2.1).
const SCHEME: &str = "Bearer ";

/// A token, or an API key, that the destination may accept.
#[derive(Debug)]
pub struct Token {
    header: HeaderName,
    /// Marked as sensitive.
    value: HeaderValue,
    /// What the secret has beside the credentials.
    static_headers: HeaderMap,
    requested_at: Instant,
    ttl: Duration,
    /// Made on first need.
    credentials: OnceLock<Credentials>,
}

impl Token {
    /// Puts it, and the static headers, on a request.
    pub(crate) fn authorize(&self, headers: &mut HeaderMap) {
        headers.extend(self.static_headers.clone());
        headers.insert(self.header.clone(), self.value.clone());
    }

    /// What no text of the destination may repeat.
    pub(crate) fn credentials(&self) -> &Credentials {
        /// A shorter static header is a version or a tenant, and is found in any text.
        const MIN_STATIC: usize = 8;
        self.credentials.get_or_init(|| {
            let value = self.value.to_str().unwrap_or_default();
            // `Bearer …` is redacted to `Bearer […]`.
            let value = value.split_once(' ').map_or(value, |(_, parameter)| parameter);
            let password = password_of(value);
            let headers = self
                .static_headers
                .values()
                .filter_map(|value| value.to_str().ok());
            let headers = headers.filter(|value| value.len() >= MIN_STATIC);
            Credentials::new(headers.chain([value]).chain(password.as_deref()))
        })
    }

    /// Since it was requested: it cannot be older.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.requested_at.elapsed()
    }

    fn is_to_be_renewed(&self) -> bool {
        self.age() >= self.ttl.saturating_sub(RENEW_BEFORE_END.min(self.ttl / 2))
    }
}

/// Of a value that is `user:password` in base64, as Basic authentication sends it (RFC 7617 §2).
fn password_of(value: &str) -> Option<String> {
    let decoded = String::from_utf8(BASE64.decode(value.as_bytes()).ok()?).ok()?;
    let (_, password) = decoded.split_once(':')?;
    Some(password.to_owned())
}

/// Requests tokens, keeps the last one until shortly before its end, and lets all who need one wait for the same request.
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
                kind: Unreachable::TimedOut.into(),
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

    /// How many requests ended.
    fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    async fn request(&self, deadline: Instant) -> Result<Token, TokenErrorKind> {
        match &self.settings.method {
            AuthMethod::Oauth(settings) => self.request_token(settings, deadline).await,
            AuthMethod::ApiKey { header } => self.read_api_key(header).await,
        }
    }

    async fn request_token(
        &self,
        settings: &OauthSettings,
        deadline: Instant,
    ) -> Result<Token, TokenErrorKind> {
        let secret = self.read_client().await?;
        self.exchange(settings, secret, &self.calls, deadline).await
    }

    async fn read_client(&self) -> Result<Secret<2>, SecretError> {
        self.read_secret(&["client_id", "client_secret"]).await
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
        Ok(Token {
            header: AUTHORIZATION,
            value: secret_header_value(&value).map_err(|_| TokenErrorKind::NoToken {
                status: StatusCode::OK,
            })?,
            static_headers: secret.headers,
            requested_at,
            ttl: grant.ttl().unwrap_or(DEFAULT_TTL).min(MAX_TTL),
            credentials: OnceLock::new(),
        })
    }

    /// The key as a token that lives for [`DEFAULT_TTL`]: a rotated key is picked up then, or at the first 401.
    async fn read_api_key(&self, header: &HeaderName) -> Result<Token, TokenErrorKind> {
        const FIELDS: &[&str; 1] = &["api_key"];
        let requested_at = Instant::now();
        let secret = self.read_secret(FIELDS).await?;
        let [key] = &secret.fields;
        let value = secret_header_value(key.expose_secret()).map_err(|_| SecretError::Unusable {
            arn: self.settings.secret_arn.clone(),
            wanted: FIELDS,
            reason: "`api_key` holds characters that no HTTP header can carry".to_owned(),
        })?;
        Ok(Token {
            header: header.clone(),
            value,
            static_headers: secret.headers,
            requested_at,
            ttl: DEFAULT_TTL,
            credentials: OnceLock::new(),
        })
    }

    async fn read_secret<const N: usize>(
        &self,
        fields: &'static [&'static str; N],
    ) -> Result<Secret<N>, SecretError> {
        let own_headers = &self.settings.own_headers;
        let wanted = Wanted { fields, own_headers };
        read_secret(&self.secrets, &self.settings.secret_arn, wanted).await
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

//! The source API as this function is configured to call it: its key, one request for one page, and the page after it.

use std::time::Duration;

use aws_sdk_secretsmanager::Client as SecretsManager;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{ACCEPT, ACCEPT_ENCODING},
};
use reqwest::Request;
use secrecy::ExposeSecret;
use shared::{
    clock::WallClock,
    header::secret_header_value,
    http::{HttpClient, retry_after::RetryAfter},
    secret::{Wanted, read_secret},
};
use url::Url;

use super::{body, error::SourceError, page::Page, paging::Paging};

/// How long the source may send nothing, in the middle of an answer too. Many APIs close an idle connection after a
/// minute; a page that takes longer to begin is considered lost.
pub(crate) const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// The source API.
pub struct SourceApi {
    pub http: HttpClient,
    /// The first page.
    pub url: Url,
    pub paging: Paging,
    /// The header that carries the key.
    pub api_key_header: HeaderName,
    pub secrets: SecretsManager,
    /// The secret with `api_key`.
    pub secret_arn: String,
    /// For HTTP dates.
    pub wall_clock: WallClock,
    /// A larger customer is not held in memory.
    pub max_customer_bytes: usize,
}

impl SourceApi {
    /// What each request of a run carries: the key, and the headers that the secret has beside it. They are read now.
    ///
    /// # Errors
    /// There is no key, or it cannot be sent.
    pub(super) async fn credentials(&self) -> Result<HeaderMap, SourceError> {
        let wanted = Wanted {
            fields: &["api_key"],
            own_headers: std::slice::from_ref(&self.api_key_header),
        };
        let secret = read_secret(&self.secrets, &self.secret_arn, wanted).await?;
        let [api_key] = &secret.fields;
        let api_key = secret_header_value(api_key.expose_secret()).map_err(|_| SourceError::UnusableKey {
            secret: self.secret_arn.clone(),
        })?;
        let mut credentials = secret.headers;
        credentials.insert(self.api_key_header.clone(), api_key);
        Ok(credentials)
    }

    /// Requests a page, and reads its beginning.
    pub(super) async fn request(
        &self,
        credentials: HeaderMap,
        page: u64,
        url: &Url,
    ) -> Result<Page, SourceError> {
        let mut request = Request::new(Method::GET, url.clone());
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.extend(credentials);
        headers.insert(ACCEPT_ENCODING, body::ACCEPTED);
        let answer = self.http.execute_with_every_line(request, READ_TIMEOUT).await;
        let answer = answer.map_err(|error| SourceError::unreachable(page, 0, &error))?;
        let status = answer.status();
        if matches!(status, StatusCode::OK | StatusCode::NO_CONTENT) {
            return Page::begin(page, answer, &self.paging, self.max_customer_bytes).await;
        }
        let retry_after = RetryAfter::read(answer.headers(), (self.wall_clock)());
        match (status, retry_after) {
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, RetryAfter::Absent) => {
                let secret = self.secret_arn.clone();
                Err(SourceError::KeyRefused { status, page, secret })
            }
            _ => Err(SourceError::Status {
                status,
                page,
                retry_after,
            }),
        }
    }
}

//! The source API: pages become customers, one after the other.
//!
//! * [`customers`] goes from page to page.
//! * [`page`] reads one page; `body` decompresses it. [`list`] finds its list, in an object where there is one ([`envelope`], [`pointer`]);
//!   [`json_array`] splits it into its elements.
//! * [`paging`] finds the next page, [`link`] in a `Link` header. `more` knows the headers by which a page says that it is
//!   not the only one.
//! * [`retry`] is how long to wait before a page is requested again, `open_page` what was read of it before.
//! * [`error`] is why the source could not be read to its end.

mod body;
pub mod customers;
pub mod envelope;
pub mod error;
pub mod json_array;
pub mod link;
pub mod list;
mod more;
mod open_page;
pub mod page;
pub mod paging;
pub mod pointer;
pub mod retry;
mod scanner;

use aws_sdk_secretsmanager::Client as SecretsManager;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{ACCEPT, ACCEPT_ENCODING},
};
use reqwest::Request;
use secrecy::ExposeSecret;
use shared::{
    clock::WallClock,
    config::secret_header_value,
    http::{HttpClient, retry_after::RetryAfter},
    secret::{Wanted, read_secret},
};
use tokio::time::Instant;
use url::Url;

use crate::run::Run;
use customers::Customers;
use error::SourceError;
use page::Page;
use paging::Paging;

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
    /// The customers of all pages, read as they are asked for, until `deadline` at the latest: from the first page on,
    /// or from the run's `page_url` on; `pages` pages were read before. The key is read now, and used for all of them.
    ///
    /// # Errors
    /// There is no key, or it cannot be sent, or must not be sent to this page.
    pub async fn customers(
        &self,
        run: &Run,
        pages: u64,
        deadline: Instant,
    ) -> Result<Customers<'_>, SourceError> {
        let first = run.page_url.as_ref().unwrap_or(&self.url);
        if first.origin() != self.url.origin() {
            let origin = first.origin().ascii_serialization();
            return Err(SourceError::CrossOriginStart { origin });
        }
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
        Ok(Customers::new(
            self,
            run,
            credentials,
            self.paging.first_page(first),
            pages,
            deadline,
        ))
    }

    /// Requests a page, and reads its beginning. `credentials` are the key and what the secret has beside it.
    async fn request(&self, credentials: HeaderMap, page: u64, url: &Url) -> Result<Page, SourceError> {
        let mut request = Request::new(Method::GET, url.clone());
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.extend(credentials);
        headers.insert(ACCEPT_ENCODING, body::ACCEPTED);
        let answer = self.http.execute(request).await;
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

//! The source API: pages become customers, one after the other.

use std::time::{Duration, SystemTime};

use aws_sdk_secretsmanager::Client as SecretsManager;
use http::{HeaderName, HeaderValue, StatusCode, header::ACCEPT};
use secrecy::ExposeSecret;
use serde_json::value::RawValue;
use shared::{
    config::secret_header_value,
    retry_after::RetryAfter,
    secret::{SecretError, read_secret},
};
use tokio::time::{Instant, sleep, timeout_at};
use url::Url;

use crate::{link, page::Page, retry, seen::Seen, split::Element};

/// The source API.
pub struct SourceApi {
    /// Sends the requests.
    pub http: reqwest::Client,
    /// Where the first page is.
    pub url: Url,
    /// The header that carries the key.
    pub api_key_header: HeaderName,
    /// Where the key is.
    pub secrets: SecretsManager,
    /// The secret with `api_key`.
    pub secret_arn: String,
}

/// The customers could not be read to the end. Names the page, counted from 1, and the byte of its body,
/// counted from 0 and uncompressed; never a customer or the key.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The API key cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The key cannot be sent at all.
    #[error(
        "the API key holds characters that no HTTP header can carry: correct `api_key` in the secret {secret}"
    )]
    UnusableKey {
        /// Where the key came from.
        secret: String,
    },
    /// 401 or 403.
    #[error(
        "the source refused the API key of secret {secret} with {status}, on page {page}: correct its `api_key`"
    )]
    KeyRefused {
        /// Its status.
        status: StatusCode,
        /// The page.
        page: u64,
        /// Where the key came from.
        secret: String,
    },
    /// Any other answer that is no page.
    #[error("the source answered {status}, not 200, to the request for page {page}")]
    Status {
        /// Its status.
        status: StatusCode,
        /// The page.
        page: u64,
        /// When to ask again.
        retry_after: RetryAfter,
    },
    /// No answer, or the connection broke on the way.
    #[error("page {page} of the source could not be read from byte {at} on: {why}")]
    Unreachable {
        /// The page.
        page: u64,
        /// How much of it was read.
        at: u64,
        /// What happened on the way.
        why: &'static str,
    },
    /// The answer says that it is something else.
    #[error("page {page} of the source is not JSON: its content type is {content_type:?}")]
    ContentType {
        /// The page.
        page: u64,
        /// Without parameters.
        content_type: String,
    },
    /// The answer is something else.
    #[error("page {page} of the source is not a JSON array: it stops being one at byte {at}")]
    NotAnArray {
        /// The page.
        page: u64,
        /// Where it stops being one.
        at: u64,
    },
    /// The answer is whole as far as HTTP can tell, but its JSON is not.
    #[error("page {page} of the source was cut short: its JSON array goes on after its last byte, {at}")]
    CutShort {
        /// The page.
        page: u64,
        /// Its length.
        at: u64,
    },
    /// The API key must not go there.
    #[error(
        "page {page} of the source links to a next page on another origin, {origin}: the API key stays here"
    )]
    ForeignPage {
        /// The page.
        page: u64,
        /// Where it points.
        origin: String,
    },
    /// The API key must not go there.
    #[error("page_url is on another origin, {origin}, than SOURCE_URL: the API key stays here")]
    ForeignStart {
        /// Where it points.
        origin: String,
    },
    /// The run would never end.
    #[error("page {page} of the source links back to a page that was read already")]
    Loop {
        /// The page.
        page: u64,
    },
    /// The function's time is nearly up.
    #[error(
        "page {page} of the source could not be read within the function's time: give the function more of it \
         (or more memory, which is speed), or let the source answer in smaller pages"
    )]
    OutOfTime {
        /// The page.
        page: u64,
    },
}

impl SourceError {
    /// Drops the error itself: it holds the URL, whose query may be private.
    pub(crate) fn unreachable(page: u64, at: u64, error: &reqwest::Error) -> Self {
        let why = if error.is_timeout() {
            "no answer in time"
        } else if error.is_connect() {
            "no connection"
        } else if error.is_decode() {
            // What breaks a body off, a decoder reports as its own error.
            "it broke off, or its compression is broken"
        } else {
            "the connection broke"
        };
        Self::Unreachable { page, at, why }
    }

    /// How long to wait at least before asking for the page again; `None` where that would not help.
    fn repeat_after(&self) -> Option<Duration> {
        match self {
            Self::Unreachable { .. } => Some(Duration::ZERO),
            Self::Status {
                status, retry_after, ..
            } => retry::is_busy(*status).then(|| retry_after.wait()),
            Self::Secret(_)
            | Self::UnusableKey { .. }
            | Self::KeyRefused { .. }
            | Self::ContentType { .. }
            | Self::NotAnArray { .. }
            | Self::CutShort { .. }
            | Self::ForeignPage { .. }
            | Self::ForeignStart { .. }
            | Self::Loop { .. }
            | Self::OutOfTime { .. } => None,
        }
    }
}

impl SourceApi {
    /// The customers of all pages, read as they are asked for, until `until` at the latest: from the first page
    /// on, or from `page_url` on, `pages` pages having been read before. The key is read now, and used for all
    /// of them.
    ///
    /// # Errors
    /// There is no key, or it cannot be sent; or it must not be, to this page.
    pub async fn customers(
        &self,
        page_url: Option<&Url>,
        pages: u64,
        until: Instant,
    ) -> Result<Customers<'_>, SourceError> {
        let first = page_url.unwrap_or(&self.url);
        if first.origin() != self.url.origin() {
            let origin = first.origin().ascii_serialization();
            return Err(SourceError::ForeignStart { origin });
        }
        let [api_key] = read_secret(&self.secrets, &self.secret_arn, &["api_key"]).await?;
        let api_key = secret_header_value(api_key.expose_secret()).map_err(|_| SourceError::UnusableKey {
            secret: self.secret_arn.clone(),
        })?;
        let mut seen = Seen::default();
        seen.before(first);
        Ok(Customers {
            source: self,
            api_key,
            until,
            page: None,
            next_page: Some(first.clone()),
            pages,
            longest: None,
            began: Instant::now(),
            seen,
        })
    }
}

/// What comes next.
#[derive(Debug)]
pub enum Next {
    /// A customer, as the source wrote it.
    Customer(Box<RawValue>),
    /// A customer that no message can hold. It was passed over.
    TooLarge,
    /// A page that nothing was read of, since there is hardly time for the whole of it.
    Later(Url),
    /// Nothing: the last customer was read.
    End,
}

/// The customers of one run, in the source's order.
pub struct Customers<'a> {
    source: &'a SourceApi,
    api_key: HeaderValue,
    until: Instant,
    page: Option<Page>,
    next_page: Option<Url>,
    pages: u64,
    /// How long the slowest page took of those that were read to the end.
    longest: Option<Duration>,
    /// When the reading of the last page began.
    began: Instant,
    seen: Seen,
}

impl Customers<'_> {
    /// The next customer.
    ///
    /// # Errors
    /// The rest cannot be read. What broke off before the first customer of a page was tried again; a page
    /// that breaks off later is not, since the source need not give it a second time as it was.
    pub async fn next(&mut self) -> Result<Next, SourceError> {
        loop {
            if let Some(page) = &mut self.page {
                let out_of_time = SourceError::OutOfTime { page: self.pages };
                // A time-out alone would never strike while the source has always something ready.
                if Instant::now() >= self.until {
                    return Err(out_of_time);
                }
                match timeout_at(self.until, page.next())
                    .await
                    .map_err(|_| out_of_time)??
                {
                    Some(Element::Json(customer)) => return Ok(Next::Customer(customer)),
                    Some(Element::TooLarge) => return Ok(Next::TooLarge),
                    None => {
                        self.page = None;
                        self.longest = self.longest.max(Some(self.began.elapsed()));
                    }
                }
            }
            let Some(url) = self.next_page.take() else {
                return Ok(Next::End);
            };
            // Twice the slowest so far; that there is time for the first page is for the error to deny.
            let needed = self.longest.unwrap_or_default() * 2;
            if self.longest.is_some() && self.until.saturating_duration_since(Instant::now()) < needed {
                return Ok(Next::Later(url));
            }
            self.began = Instant::now();
            self.begin_page(url).await?;
        }
    }

    /// How many pages were begun so far, by the invocations before too.
    #[must_use]
    pub const fn pages(&self) -> u64 {
        self.pages
    }

    async fn begin_page(&mut self, url: Url) -> Result<(), SourceError> {
        let number = self.pages + 1;
        let mut error = SourceError::OutOfTime { page: number };
        for failures in 1.. {
            let Ok(page) = timeout_at(self.until, self.request(number, &url)).await else {
                return Err(error);
            };
            error = match page {
                Ok((page, next_page)) => {
                    self.next_page = self.linked(next_page, number)?;
                    self.page = Some(page);
                    break;
                }
                Err(error) => error,
            };
            let Some(not_before) = error.repeat_after() else {
                return Err(error);
            };
            let wait = retry::delay(failures, not_before, fastrand::f64());
            if self.until.saturating_duration_since(Instant::now()) <= wait {
                return Err(error);
            }
            tracing::warn!(
                page = number,
                failures,
                wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                reason = %error,
                "the source gave no page: it is asked again"
            );
            sleep(wait).await;
        }
        self.pages = number;
        Ok(())
    }

    /// Asks for a page, and begins to read it.
    async fn request(&self, page: u64, url: &Url) -> Result<(Page, Option<Url>), SourceError> {
        let request = self.source.http.get(url.clone());
        let request = request.header(&self.source.api_key_header, self.api_key.clone());
        let request = request.header(ACCEPT, "application/json");
        let answer = request.send().await;
        let answer = answer.map_err(|error| SourceError::unreachable(page, 0, &error))?;
        match answer.status() {
            StatusCode::OK => {}
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                let secret = self.source.secret_arn.clone();
                return Err(SourceError::KeyRefused { status, page, secret });
            }
            status => {
                let retry_after = RetryAfter::read(answer.headers(), SystemTime::now());
                return Err(SourceError::Status {
                    status,
                    page,
                    retry_after,
                });
            }
        }
        // A target that is no URL at all leads nowhere.
        let next_page = link::next(answer.headers()).and_then(|target| url.join(target).ok());
        Ok((Page::begin(page, answer).await?, next_page))
    }

    fn linked(&mut self, next: Option<Url>, page: u64) -> Result<Option<Url>, SourceError> {
        let Some(next) = next else {
            return Ok(None);
        };
        if next.origin() != self.source.url.origin() {
            let origin = next.origin().ascii_serialization();
            return Err(SourceError::ForeignPage { page, origin });
        }
        if self.seen.before(&next) {
            return Err(SourceError::Loop { page });
        }
        Ok(Some(next))
    }
}

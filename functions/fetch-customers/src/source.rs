//! The source API: pages become customers, one after the other.

mod error;
pub mod json_array;
pub mod link;
pub mod page;
pub mod retry;

use std::time::Duration;

use aws_sdk_secretsmanager::Client as SecretsManager;
use http::{HeaderName, HeaderValue, StatusCode, header::ACCEPT};
use secrecy::ExposeSecret;
use serde_json::value::RawValue;
use shared::{
    clock::WallClock, config::secret_header_value, domain::order_date::OrderDate,
    http::retry_after::RetryAfter, secret::read_secret,
};
use tokio::time::{Instant, sleep, timeout_at};
use url::Url;

pub use error::SourceError;

use crate::run::Run;
use json_array::Element;
use page::Page;
use shared::duplicate_filter::DuplicateFilter;

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
    /// The time of day, for HTTP dates.
    pub wall_clock: WallClock,
}

impl SourceApi {
    /// The customers of all pages, read as they are asked for, until `until` at the latest: from the first page
    /// on, or from the run's `page_url` on, `pages` pages having been read before. The key is read now, and used
    /// for all of them.
    ///
    /// # Errors
    /// There is no key, or it cannot be sent; or it must not be, to this page.
    pub async fn customers(
        &self,
        run: &Run,
        pages: u64,
        until: Instant,
    ) -> Result<Customers<'_>, SourceError> {
        let first = run.page_url.as_ref().unwrap_or(&self.url);
        if first.origin() != self.url.origin() {
            let origin = first.origin().ascii_serialization();
            return Err(SourceError::CrossOriginStart { origin });
        }
        let [api_key] = read_secret(&self.secrets, &self.secret_arn, &["api_key"]).await?;
        let api_key = secret_header_value(api_key.expose_secret()).map_err(|_| SourceError::UnusableKey {
            secret: self.secret_arn.clone(),
        })?;
        let mut seen = DuplicateFilter::default();
        seen.insert(first);
        Ok(Customers {
            source: self,
            order_date: run.order_date,
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
    Continue(Url),
    /// Nothing: the last customer was read.
    End,
}

/// The customers of one run, in the source's order.
pub struct Customers<'a> {
    source: &'a SourceApi,
    /// For the log.
    order_date: OrderDate,
    api_key: HeaderValue,
    until: Instant,
    page: Option<Page>,
    next_page: Option<Url>,
    pages: u64,
    /// How long the slowest page took of those that were read to the end.
    longest: Option<Duration>,
    /// When the reading of the last page began.
    began: Instant,
    seen: DuplicateFilter,
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
                        self.log("page read");
                    }
                }
            }
            let Some(url) = self.next_page.take() else {
                return Ok(Next::End);
            };
            // Twice the slowest so far; that there is time for the first page is for the error to deny.
            let needed = self.longest.unwrap_or_default() * 2;
            if self.longest.is_some() && self.until.saturating_duration_since(Instant::now()) < needed {
                return Ok(Next::Continue(url));
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
                order_date = %self.order_date,
                page = number,
                failures,
                wait_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
                reason = %error,
                "the source gave no page: it is asked again"
            );
            sleep(wait).await;
        }
        self.pages = number;
        self.log("page fetched");
        Ok(())
    }

    fn log(&self, step: &str) {
        tracing::debug!(
            order_date = %self.order_date,
            page = self.pages,
            elapsed_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "{step}"
        );
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
                let retry_after = RetryAfter::read(answer.headers(), (self.source.wall_clock)());
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
            return Err(SourceError::CrossOriginLink { page, origin });
        }
        if !self.seen.insert(&next) {
            return Err(SourceError::Loop { page });
        }
        Ok(Some(next))
    }
}

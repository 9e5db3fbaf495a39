//! The source API: pages become customers, one after the other.
//!
//! [`page`] reads one page, [`json_array`] splits it into its elements, [`link`] finds the next page, [`retry`] is how long
//! to wait before a page is requested again, [`error`] why the source could not be read to its end.

pub mod error;
pub mod json_array;
pub mod link;
pub mod page;
pub mod retry;

use std::time::Duration;

use aws_sdk_secretsmanager::Client as SecretsManager;
use http::{HeaderName, HeaderValue, Method, StatusCode, header::ACCEPT};
use reqwest::Request;
use secrecy::ExposeSecret;
use serde_json::value::RawValue;
use shared::{
    clock::WallClock,
    config::secret_header_value,
    domain::order_date::OrderDate,
    duplicate_filter::DuplicateFilter,
    http::{HttpClient, retry_after::RetryAfter},
    secret::read_secret,
};
use tokio::time::{Instant, sleep, timeout_at};
use url::Url;

use crate::{log_events, run::Run};
use error::SourceError;
use json_array::Element;
use page::Page;

/// The source API.
pub struct SourceApi {
    pub http: HttpClient,
    /// The first page.
    pub url: Url,
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
            deadline,
            page: None,
            next_page: Some(first.clone()),
            pages,
            slowest: None,
            started: Instant::now(),
            seen,
        })
    }
}

/// What comes next.
#[derive(Debug)]
pub enum Next {
    /// A customer, verbatim.
    Customer(Box<RawValue>),
    /// A customer that no message can hold. It was skipped.
    TooLarge,
    /// A page of which nothing was read, since there may not be enough time for all of it.
    Continue(Url),
    /// The last customer was read.
    End,
}

/// The customers of one run, in the source's order.
pub struct Customers<'a> {
    source: &'a SourceApi,
    /// For the log.
    order_date: OrderDate,
    api_key: HeaderValue,
    deadline: Instant,
    page: Option<Page>,
    next_page: Option<Url>,
    pages: u64,
    /// How long the slowest page took, of those that were read to their end.
    slowest: Option<Duration>,
    /// When the last page was requested first.
    started: Instant,
    seen: DuplicateFilter,
}

impl Customers<'_> {
    /// The next customer.
    ///
    /// # Errors
    /// The rest cannot be read. A request that failed before the first customer of a page was retried.
    pub async fn next(&mut self) -> Result<Next, SourceError> {
        loop {
            if let Some(page) = &mut self.page {
                let out_of_time = SourceError::OutOfTime { page: self.pages };
                // A timeout alone never fires while the source always has something ready.
                if Instant::now() >= self.deadline {
                    return Err(out_of_time);
                }
                match timeout_at(self.deadline, page.next())
                    .await
                    .map_err(|_| out_of_time)??
                {
                    Some(Element::Json(customer)) => return Ok(Next::Customer(customer)),
                    Some(Element::TooLarge) => return Ok(Next::TooLarge),
                    None => {
                        self.page = None;
                        self.slowest = self.slowest.max(Some(self.started.elapsed()));
                        log_events::page_read(self.order_date, self.pages, self.started.elapsed());
                    }
                }
            }
            let Some(url) = self.next_page.take() else {
                return Ok(Next::End);
            };
            // Twice the slowest so far. Without enough time for its first page, a run ends in an error.
            let needed = self.slowest.unwrap_or_default() * 2;
            if self.slowest.is_some() && self.deadline.saturating_duration_since(Instant::now()) < needed {
                return Ok(Next::Continue(url));
            }
            self.started = Instant::now();
            self.begin_page(url).await?;
        }
    }

    /// How many pages were read so far, at least their beginnings, by earlier invocations too.
    #[must_use]
    pub const fn pages(&self) -> u64 {
        self.pages
    }

    async fn begin_page(&mut self, url: Url) -> Result<(), SourceError> {
        let number = self.pages + 1;
        let mut error = SourceError::OutOfTime { page: number };
        for failures in 1.. {
            let Ok(page) = timeout_at(self.deadline, self.request(number, &url)).await else {
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
            let Some(min_delay) = error.retry_after() else {
                return Err(error);
            };
            let delay = retry::delay(failures, min_delay, fastrand::f64());
            if self.deadline.saturating_duration_since(Instant::now()) <= delay {
                return Err(error);
            }
            log_events::page_retried(self.order_date, number, failures, delay, &error);
            sleep(delay).await;
        }
        self.pages = number;
        log_events::page_started(self.order_date, number, self.started.elapsed());
        Ok(())
    }

    /// Requests a page, and reads its beginning.
    async fn request(&self, page: u64, url: &Url) -> Result<(Page, Option<Url>), SourceError> {
        let mut request = Request::new(Method::GET, url.clone());
        let headers = request.headers_mut();
        headers.insert(self.source.api_key_header.clone(), self.api_key.clone());
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let answer = self.source.http.execute(request).await;
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
        let next_page = link::next(answer.headers()).and_then(|target| url.join(target).ok());
        Ok((
            Page::begin(page, answer, self.source.max_customer_bytes).await?,
            next_page,
        ))
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

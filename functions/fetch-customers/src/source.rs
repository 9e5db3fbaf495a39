//! The source API: pages become customers, one after the other.

use std::{collections::HashSet, vec};

use http::{HeaderName, HeaderValue, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::value::RawValue;
use shared::config::secret_header_value;
use url::Url;

use crate::link;

/// The source API.
pub struct SourceApi {
    http: reqwest::Client,
    url: Url,
    api_key_header: HeaderName,
}

/// The customers could not be read to the end. Names the page, never a customer or the key.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The key cannot be sent at all.
    #[error("the API key holds characters that no HTTP header can carry: correct `api_key` in its secret")]
    UnusableKey,
    /// 401 or 403.
    #[error("the source refused the API key with {status}, on page {page}: check `api_key` in its secret")]
    KeyRefused {
        /// Its status.
        status: StatusCode,
        /// Counted from 1.
        page: u64,
    },
    /// Any other answer that is no page.
    #[error("the source answered {status}, not 200, to the request for page {page}")]
    Status {
        /// Its status.
        status: StatusCode,
        /// Counted from 1.
        page: u64,
    },
    /// No answer, or not a whole one.
    #[error("page {page} of the source could not be read: {why}")]
    Unreachable {
        /// Counted from 1.
        page: u64,
        /// What happened on the way.
        why: &'static str,
    },
    /// The answer is something else.
    #[error("page {page} of the source is not a JSON array: line {line}, column {column}")]
    NotAnArray {
        /// Counted from 1.
        page: u64,
        /// Where it stops being one.
        line: usize,
        /// Where it stops being one.
        column: usize,
    },
    /// The API key must not go there.
    #[error(
        "page {page} of the source links to a next page on another origin, {origin}: the API key stays here"
    )]
    ForeignPage {
        /// Counted from 1.
        page: u64,
        /// Where it points.
        origin: String,
    },
    /// The run would never end.
    #[error("page {page} of the source links back to a page that was read already")]
    Loop {
        /// Counted from 1.
        page: u64,
    },
}

impl SourceApi {
    /// Sets up; calls nothing yet.
    #[must_use]
    pub const fn new(http: reqwest::Client, url: Url, api_key_header: HeaderName) -> Self {
        Self {
            http,
            url,
            api_key_header,
        }
    }

    /// The customers of all pages, read as they are asked for.
    ///
    /// # Errors
    /// The key cannot be sent.
    pub fn customers(&self, api_key: &SecretString) -> Result<Customers<'_>, SourceError> {
        let api_key = secret_header_value(api_key.expose_secret()).map_err(|_| SourceError::UnusableKey)?;
        let next_page = Some(self.url.clone());
        Ok(Customers {
            source: self,
            api_key,
            page: Vec::new().into_iter(),
            next_page,
            seen: HashSet::new(),
        })
    }
}

/// The customers of one run, in the source's order.
pub struct Customers<'a> {
    source: &'a SourceApi,
    api_key: HeaderValue,
    page: vec::IntoIter<Box<RawValue>>,
    next_page: Option<Url>,
    seen: HashSet<Url>,
}

impl Customers<'_> {
    /// The next customer, as the source wrote it; `None` after the last one.
    ///
    /// # Errors
    /// The rest cannot be read.
    pub async fn next(&mut self) -> Result<Option<Box<RawValue>>, SourceError> {
        loop {
            if let Some(customer) = self.page.next() {
                return Ok(Some(customer));
            }
            let Some(url) = self.next_page.take() else {
                return Ok(None);
            };
            self.read_page(url).await?;
        }
    }

    /// How many pages were read so far.
    #[must_use]
    pub fn pages(&self) -> u64 {
        self.seen.len() as u64
    }

    async fn read_page(&mut self, url: Url) -> Result<(), SourceError> {
        let page = self.pages() + 1;
        let lost = |error: reqwest::Error| SourceError::Unreachable {
            page,
            why: why(&error),
        };
        let request = self.source.http.get(url.clone());
        let request = request.header(&self.source.api_key_header, self.api_key.clone());
        let request = request.header(http::header::ACCEPT, "application/json");
        let answer = request.send().await.map_err(lost)?;
        match answer.status() {
            StatusCode::OK => {}
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                return Err(SourceError::KeyRefused { status, page });
            }
            status => return Err(SourceError::Status { status, page }),
        }
        self.next_page = self.linked(link::next(answer.headers()), &url, page)?;
        let body = answer.bytes().await.map_err(lost)?;
        // A byte order mark is no JSON, but some write it (RFC 8259 §8.1 lets a reader ignore it).
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&body);
        let customers: Vec<Box<RawValue>> =
            serde_json::from_slice(body).map_err(|error| SourceError::NotAnArray {
                page,
                line: error.line(),
                column: error.column(),
            })?;
        self.page = customers.into_iter();
        self.seen.insert(url);
        Ok(())
    }

    fn linked(&self, target: Option<&str>, from: &Url, page: u64) -> Result<Option<Url>, SourceError> {
        // A target that is no URL at all leads nowhere.
        let Some(next) = target.and_then(|target| from.join(target).ok()) else {
            return Ok(None);
        };
        if next.origin() != self.source.url.origin() {
            return Err(SourceError::ForeignPage {
                page,
                origin: next.origin().ascii_serialization(),
            });
        }
        if next == *from || self.seen.contains(&next) {
            return Err(SourceError::Loop { page });
        }
        Ok(Some(next))
    }
}

fn why(error: &reqwest::Error) -> &'static str {
    // The error itself is not told: it holds the URL, whose query may be private.
    if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else if error.is_decode() {
        "its compression is broken, or the answer was cut short"
    } else {
        "the connection broke"
    }
}

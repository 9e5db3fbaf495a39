//! The customers of all pages, one after the other.

use std::time::Duration;

use http::HeaderMap;
use serde_json::value::RawValue;
use shared::domain::order_date::OrderDate;
use tokio::time::{Instant, sleep, timeout_at};
use url::Url;

use super::{
    api::SourceApi,
    error::SourceError,
    json_array::{Element, Malformed, TooLarge},
    open_page::{Changed, OpenPage, Passed},
    page::Page,
    paging::NextPage,
    retry,
    sequence::PageSequence,
};
use crate::{log_events, run::Run};

/// How often a page is read again that broke off. With one page in a hundred breaking off, this many failures in a row
/// happen to one page in 100 million.
const MAX_REREADS: u32 = 3;

/// What comes next.
#[derive(Debug)]
pub enum Next {
    /// A customer, verbatim.
    Customer(Box<RawValue>),
    /// An element of the list that is no JSON.
    Malformed(Malformed),
    /// A customer that no message can hold.
    TooLarge(TooLarge),
    /// A page of which nothing was read, since there may not be enough time for all of it.
    Continue(Url),
    /// The last customer was read.
    End,
}

impl From<Element> for Next {
    fn from(element: Element) -> Self {
        match element {
            Element::Json(customer) => Self::Customer(customer),
            Element::Malformed(malformed) => Self::Malformed(malformed),
            Element::TooLarge(element) => Self::TooLarge(element),
        }
    }
}

/// The customers of one run, in the source's order.
pub struct Customers<'a> {
    source: &'a SourceApi,
    /// For the log.
    order_date: OrderDate,
    /// What each request carries.
    credentials: HeaderMap,
    deadline: Instant,
    page: Option<OpenPage>,
    next_page: Option<Url>,
    sequence: PageSequence,
    pages: u64,
    /// How long the slowest page took, of those that were read to their end.
    slowest: Option<Duration>,
    /// When the last page was requested first.
    started: Instant,
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
        Ok(Customers::new(
            self,
            run,
            self.credentials().await?,
            self.paging.first_page(first),
            pages,
            deadline,
        ))
    }
}

impl<'a> Customers<'a> {
    /// The customers from page `first` on, where `pages` were read before.
    fn new(
        source: &'a SourceApi,
        run: &Run,
        credentials: HeaderMap,
        first: Url,
        pages: u64,
        deadline: Instant,
    ) -> Self {
        Self {
            source,
            order_date: run.order_date,
            credentials,
            deadline,
            page: None,
            sequence: PageSequence::new(&first, run.page_url.is_none()),
            next_page: Some(first),
            pages,
            slowest: None,
            started: Instant::now(),
        }
    }

    /// The next customer.
    ///
    /// A request that fails is repeated while there is time, and a page that breaks off is read again up to
    /// [`MAX_REREADS`] times. What was returned of it before is skipped then, if it is the same. If it has changed in
    /// between, the page is read again from its beginning: what is returned a second time counts a second time, but no
    /// customer is missed.
    ///
    /// # Errors
    /// The rest cannot be read.
    pub async fn next(&mut self) -> Result<Next, SourceError> {
        loop {
            if let Some(open) = &mut self.page {
                let out_of_time = SourceError::OutOfTime { page: self.pages };
                // A timeout alone never fires while the source always has something ready.
                if Instant::now() >= self.deadline {
                    return Err(out_of_time);
                }
                let element = timeout_at(self.deadline, open.page.next()).await;
                match element.map_err(|_| out_of_time)? {
                    Ok(Some(element)) => match open.accept(element) {
                        Ok(Some(element)) => return Ok(self.return_element(element)),
                        Ok(None) => {}
                        Err(Changed) => self.restart_page().await?,
                    },
                    // It has become shorter.
                    Ok(None) if open.replayed.is_some() => self.restart_page().await?,
                    Ok(None) => self.end_page()?,
                    Err(error) if error.is_broken_page() => self.reread_page(error).await?,
                    Err(error) => return Err(error),
                }
                continue;
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
            let number = self.pages + 1;
            let (page, breaks) = self.request_page(number, &url, 0).await?;
            self.pages = number;
            self.page = Some(OpenPage::new(url, page, breaks));
        }
    }

    /// How many pages were read so far, at least their beginnings, by earlier invocations too.
    #[must_use]
    pub const fn pages(&self) -> u64 {
        self.pages
    }

    /// The byte of its page, from 0, behind the last customer.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.page.as_ref().map_or(0, |open| open.page.position())
    }

    fn return_element(&mut self, element: Element) -> Next {
        if let Some(open) = &mut self.page
            && self.source.paging.next == NextPage::LastId
        {
            open.last = match &element {
                Element::Json(customer) => Some(customer.clone()),
                Element::Malformed(_) | Element::TooLarge(_) => None,
            };
        }
        element.into()
    }

    /// Requests the open page again, after it broke off.
    async fn reread_page(&mut self, error: SourceError) -> Result<(), SourceError> {
        let Some(open) = &mut self.page else {
            return Err(error);
        };
        open.breaks += 1;
        let (breaks, url) = (open.breaks, open.url.clone());
        if breaks > MAX_REREADS {
            return Err(error);
        }
        self.wait(self.pages, breaks, error).await?;
        let (page, breaks) = self.request_page(self.pages, &url, breaks).await?;
        if let Some(open) = &mut self.page {
            (open.page, open.breaks) = (page, breaks);
            open.replayed = (open.passed.count() > 0).then(Passed::default);
        }
        Ok(())
    }

    /// Requests the open page again, and forgets what was returned of it.
    async fn restart_page(&mut self) -> Result<(), SourceError> {
        let Some(open) = &self.page else {
            return Ok(());
        };
        let (url, breaks) = (open.url.clone(), open.breaks);
        log_events::page_changed(self.order_date, self.pages);
        let (page, breaks) = self.request_page(self.pages, &url, breaks).await?;
        if let Some(open) = &mut self.page {
            (open.page, open.breaks) = (page, breaks);
            (open.passed, open.replayed) = (Passed::default(), None);
        }
        Ok(())
    }

    /// Closes the page that was read to its end, and finds the next one.
    fn end_page(&mut self) -> Result<(), SourceError> {
        let Some(open) = self.page.take() else {
            return Ok(());
        };
        self.slowest = self.slowest.max(Some(self.started.elapsed()));
        log_events::page_read(self.order_date, self.pages, self.started.elapsed());
        self.next_page = self.sequence.after(open, self.pages, self.source)?;
        Ok(())
    }

    /// Requests a page until it begins to arrive. It broke off `breaks` times before.
    ///
    /// # Returns
    /// How often it broke off now.
    async fn request_page(
        &self,
        number: u64,
        url: &Url,
        mut breaks: u32,
    ) -> Result<(Page, u32), SourceError> {
        let mut error = SourceError::OutOfTime { page: number };
        for failures in 1.. {
            let Ok(page) = timeout_at(
                self.deadline,
                self.source.request(self.credentials.clone(), number, url),
            )
            .await
            else {
                return Err(error);
            };
            error = match page {
                Ok(page) => {
                    log_events::page_started(self.order_date, number, self.started.elapsed());
                    return Ok((page, breaks));
                }
                Err(error) => error,
            };
            breaks += u32::from(error.is_broken_page());
            if breaks > MAX_REREADS {
                break;
            }
            error = self.wait(number, failures, error).await?;
        }
        Err(error)
    }

    /// Waits before a page is requested again.
    ///
    /// # Errors
    /// That would not help, or there is not enough time.
    async fn wait(&self, page: u64, failures: u32, error: SourceError) -> Result<SourceError, SourceError> {
        let Some(min_delay) = error.retry_after() else {
            return Err(error);
        };
        let delay = retry::delay(failures, min_delay, fastrand::f64());
        if self.deadline.saturating_duration_since(Instant::now()) <= delay {
            return Err(error);
        }
        log_events::page_retried(self.order_date, page, failures, delay, &error);
        sleep(delay).await;
        Ok(error)
    }
}

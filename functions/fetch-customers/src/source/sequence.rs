//! From one page to the next: where it is, and whether there is reason to go on.

use serde_json::value::RawValue;
use shared::{duplicate_filter::DuplicateFilter, mapping::customer::read_customer_id};
use url::Url;

use super::{
    api::SourceApi,
    error::SourceError,
    more,
    open_page::{OpenPage, Passed},
    page::Page,
    paging::{NextPage, ReadPage},
    pointer::Pointer,
};

/// How many pages without a customer may follow each other. Sources that filter after they page have such pages; without
/// a limit, a source that links from each to the next would be read until the run's time is over.
const MAX_EMPTY_PAGES: u32 = 100;

/// The pages of one run so far.
pub(super) struct PageSequence {
    /// A run that starts elsewhere is not expected to find all.
    starts_at_first_page: bool,
    /// How many pages in a row had no customer.
    empty_pages: u32,
    /// What the last page had.
    last_page: Option<Passed>,
    known_pages: DuplicateFilter,
}

impl PageSequence {
    pub(super) fn new(first: &Url, starts_at_first_page: bool) -> Self {
        let mut known_pages = DuplicateFilter::default();
        known_pages.insert(first);
        Self {
            starts_at_first_page,
            empty_pages: 0,
            last_page: None,
            known_pages,
        }
    }

    /// The page after `open`, which was read to its end and is page number `page`; `None` after the last one.
    ///
    /// # Errors
    /// There is another one, or there seems to be, but it must not or cannot be requested.
    pub(super) fn after(
        &mut self,
        open: OpenPage,
        page: u64,
        source: &SourceApi,
    ) -> Result<Option<Url>, SourceError> {
        let (paging, customers) = (&source.paging, open.passed.count());
        let ended = EndedPage {
            number: page,
            url: &open.url,
            page: &open.page,
            customers,
            last: open.last.as_deref(),
        };
        let is_only_page = page == 1 && self.starts_at_first_page;
        let Some(next) = source.next_page(&ended, is_only_page)? else {
            return Ok(None);
        };
        if !self.known_pages.insert(&next) {
            return Err(SourceError::Loop { page });
        }
        self.empty_pages = if customers == 0 { self.empty_pages + 1 } else { 0 };
        if self.empty_pages > MAX_EMPTY_PAGES {
            return Err(SourceError::EmptyPages {
                page,
                max: MAX_EMPTY_PAGES,
            });
        }
        let is_same = |last: &Passed| last.is_same(&open.passed);
        if paging.next == NextPage::Number && self.last_page.as_ref().is_some_and(is_same) {
            let parameter = paging.cursor_parameter.clone().unwrap_or_default();
            return Err(SourceError::SamePage { page, parameter });
        }
        self.last_page = Some(open.passed);
        Ok(Some(next))
    }
}

/// A page that was read to its end.
pub(super) struct EndedPage<'a> {
    /// From 1.
    pub(super) number: u64,
    pub(super) url: &'a Url,
    pub(super) page: &'a Page,
    pub(super) customers: u64,
    /// The last of them, where its id may lead to the next page.
    pub(super) last: Option<&'a RawValue>,
}

impl SourceApi {
    /// The page after one that was read to its end; `None` after the last one. Where it is the `only` page of a run that
    /// reads all, it must not say that there is more.
    ///
    /// # Errors
    /// There is a next page that cannot be requested, or one that the page does not name, or the page is an error.
    pub(super) fn next_page(&self, ended: &EndedPage<'_>, only: bool) -> Result<Option<Url>, SourceError> {
        let (number, page, customers) = (ended.number, ended.page, ended.customers);
        let member = |pointer: &Pointer| page.member(Some(pointer));
        if customers == 0
            && let Some(member) = more::error_member(member)
        {
            return Err(SourceError::ErrorMember { page: number, member });
        }
        let last_id = ended.last.and_then(read_customer_id);
        let next = self.paging.next_page(ReadPage {
            url: ended.url,
            headers: page.headers(),
            next: page.member(self.paging.next.member()),
            more: page.member(self.paging.more.as_ref()),
            elements: customers,
            last_id: last_id.as_ref(),
        });
        let next = next.map_err(|reason| SourceError::NextPage { page: number, reason })?;
        let Some(next) = next else {
            let says_more = more::says_more(&self.paging.next, ended.url, page.headers(), customers, member);
            return match says_more.filter(|_| only) {
                None => Ok(None),
                Some(says_so) => Err(SourceError::OnlyPage {
                    page: number,
                    says_so,
                    customers,
                }),
            };
        };
        if next.origin() != self.url.origin() {
            let origin = next.origin().ascii_serialization();
            return Err(SourceError::CrossOriginLink { page: number, origin });
        }
        Ok(Some(next))
    }
}

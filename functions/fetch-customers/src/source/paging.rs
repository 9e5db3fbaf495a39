//! Where a page has its list, and how it leads to the next page.

use http::HeaderMap;
use serde_json::Value;
use shared::{
    config::{Variables, text},
    domain::customer_id::CustomerId,
};
use url::{Url, form_urlencoded};

use super::{
    link::{self, UnreadableLink},
    member::Captured,
    pointer::Pointer,
};

/// How the source pages. The default is a JSON array and the `Link` header.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paging {
    /// `SOURCE_ITEMS`: the list in the page's object; `None` where the page is the list.
    pub items: Option<Pointer>,
    /// `SOURCE_NEXT`
    pub next: NextPage,
    /// `SOURCE_CURSOR_PARAMETER`: the query parameter that takes the cursor or the page number.
    pub cursor_parameter: Option<String>,
    /// `SOURCE_MORE_POINTER`: a boolean in the page's object. `false` ends the run.
    pub more: Option<Pointer>,
}

/// Where the next page is named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum NextPage {
    /// In the `Link` header.
    #[default]
    Link,
    /// In a member of the page's object: a cursor if there is a parameter for it, else a URL.
    Member(Pointer),
    /// The cursor is the id of the last customer.
    LastId,
    /// Page numbers, until an empty page.
    Number,
}

/// A page that was read.
#[derive(Debug, Clone, Copy)]
pub struct ReadPage<'a> {
    pub url: &'a Url,
    pub headers: &'a HeaderMap,
    /// The member of [`NextPage::Member`].
    pub next: &'a Captured,
    /// The member of [`Paging::more`].
    pub more: &'a Captured,
    /// How many elements its list has.
    pub elements: u64,
    /// The id of the last one, if it has a valid one.
    pub last_id: Option<&'a CustomerId>,
}

/// A next page is announced, but its address cannot be determined. Never holds text of the source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NextPageError {
    #[error("its Link header announces one, but cannot be read")]
    UnreadableLink,
    #[error("its Link header announces one, but not with a URL that can be requested")]
    LinkIsNoUrl,
    #[error("{0} cannot be read as text or a number (SourceNext)")]
    Unreadable(Pointer),
    #[error(
        "{0} is no URL that can be requested (SourceNext): if it is a cursor, SourceCursorParameter must name \
         the query parameter that takes it"
    )]
    NoUrl(Pointer),
    #[error("the last customer has no valid id to continue after (SourceNext is last-id)")]
    NoLastId,
    #[error("{0} is not a boolean (SourceMorePointer)")]
    NoBoolean(Pointer),
    #[error("{0} says that there is one, but the page does not name it (SourceNext)")]
    NotNamed(Pointer),
    #[error("the page number cannot be counted up")]
    LastNumber,
}

impl Paging {
    /// Reads the four variables.
    pub fn read(variables: &mut Variables<'_>) -> Self {
        let items = variables.optional("SOURCE_ITEMS", Pointer::parse);
        let next = variables.optional("SOURCE_NEXT", NextPage::parse);
        let cursor_parameter = variables.optional("SOURCE_CURSOR_PARAMETER", text);
        let more = variables.optional("SOURCE_MORE_POINTER", Pointer::parse);
        let paging = Self {
            items,
            next: next.unwrap_or_default(),
            cursor_parameter,
            more,
        };
        let has_parameter = paging.cursor_parameter.is_some();
        match &paging.next {
            NextPage::LastId | NextPage::Number if !has_parameter => variables.problem(
                "SOURCE_CURSOR_PARAMETER must be set where SOURCE_NEXT is last-id or page: it names the query \
                 parameter that takes the id or the page number",
            ),
            NextPage::Link if has_parameter => variables.problem(
                "SOURCE_CURSOR_PARAMETER must not be set where SOURCE_NEXT is empty: a Link header has whole URLs",
            ),
            NextPage::Member(_) if paging.items.is_none() => variables.problem(
                "SOURCE_NEXT must not be a JSON pointer where SOURCE_ITEMS is empty: a page that is an array has no \
                 members",
            ),
            NextPage::Link | NextPage::Member(_) | NextPage::LastId | NextPage::Number => {}
        }
        if paging.more.is_some() && paging.items.is_none() {
            variables.problem(
                "SOURCE_MORE_POINTER must not be set where SOURCE_ITEMS is empty: a page that is an array has no \
                 members",
            );
        }
        paging
    }

    /// The members of a page that lead to the next one.
    pub(super) fn members(&self) -> impl Iterator<Item = Pointer> {
        [self.next.member().cloned(), self.more.clone()]
            .into_iter()
            .flatten()
    }

    /// The page to start with. Page numbers start from 1, unless the URL has another one.
    #[must_use]
    pub fn first_page(&self, url: &Url) -> Url {
        match (&self.next, &self.cursor_parameter) {
            (NextPage::Number, Some(name)) if number(url, name).is_none() => with_parameter(url, name, "1"),
            _ => url.clone(),
        }
    }

    /// The page after `page`; `None` after the last one.
    ///
    /// # Errors
    /// A next page is announced, but its address cannot be determined.
    pub fn next_page(&self, page: ReadPage<'_>) -> Result<Option<Url>, NextPageError> {
        let more = self.says_more(page.more)?;
        if more == Some(false) {
            return Ok(None);
        }
        let next = self.named(page)?;
        match (&self.more, more, &next) {
            (Some(pointer), Some(true), None) => Err(NextPageError::NotNamed(pointer.clone())),
            _ => Ok(next.map(|mut url| {
                // It is not sent, and must not make two URLs of one.
                url.set_fragment(None);
                url
            })),
        }
    }

    fn says_more(&self, more: &Captured) -> Result<Option<bool>, NextPageError> {
        let Some(pointer) = &self.more else {
            return Ok(None);
        };
        let value = match more {
            Captured::Absent => return Ok(None),
            Captured::Unreadable => None,
            Captured::Json(json) => serde_json::from_slice(json).ok(),
        };
        match value {
            Some(Value::Bool(more)) => Ok(Some(more)),
            Some(Value::Null) => Ok(None),
            _ => Err(NextPageError::NoBoolean(pointer.clone())),
        }
    }

    /// The next page that the page names.
    fn named(&self, page: ReadPage<'_>) -> Result<Option<Url>, NextPageError> {
        let ends = page.elements == 0;
        match (&self.next, &self.cursor_parameter) {
            (NextPage::Link, _) => {
                let target = link::next(page.headers, page.url);
                let target = target.map_err(|UnreadableLink| NextPageError::UnreadableLink)?;
                let url = target.map(|target| page.url.join(target));
                url.transpose().map_err(|_| NextPageError::LinkIsNoUrl)
            }
            (NextPage::Member(pointer), parameter) => {
                let Some(text) =
                    text_of(page.next).map_err(|()| NextPageError::Unreadable(pointer.clone()))?
                else {
                    return Ok(None);
                };
                match parameter {
                    Some(name) => Ok(Some(with_parameter(page.url, name, &text))),
                    None => match page.url.join(&text).ok().filter(|_| is_url(&text)) {
                        Some(url) => Ok(Some(url)),
                        None => Err(NextPageError::NoUrl(pointer.clone())),
                    },
                }
            }
            (NextPage::LastId | NextPage::Number, _) if ends => Ok(None),
            (NextPage::LastId, name) => {
                let id = page.last_id.ok_or(NextPageError::NoLastId)?;
                let name = name.as_deref().unwrap_or_default();
                Ok(Some(with_parameter(page.url, name, id.as_str())))
            }
            (NextPage::Number, name) => {
                let name = name.as_deref().unwrap_or_default();
                let next = number(page.url, name).and_then(|number| number.checked_add(1));
                let next = next.ok_or(NextPageError::LastNumber)?;
                Ok(Some(with_parameter(page.url, name, &next.to_string())))
            }
        }
    }
}

impl NextPage {
    fn parse(text: &str) -> Result<Self, &'static str> {
        match text {
            "last-id" => Ok(Self::LastId),
            "page" => Ok(Self::Number),
            _ => Pointer::parse(text)
                .map(Self::Member)
                .map_err(|_| "must be a JSON pointer such as /paging/next/link, or last-id, or page"),
        }
    }

    /// The member that names the next page.
    pub(super) fn member(&self) -> Option<&Pointer> {
        match self {
            Self::Member(pointer) => Some(pointer),
            Self::Link | Self::LastId | Self::Number => None,
        }
    }
}

/// The cursor or URL in a member; `None` where it says that there is no next page: `null`, `false` or an empty text.
fn text_of(member: &Captured) -> Result<Option<String>, ()> {
    let json = match member {
        Captured::Absent => return Ok(None),
        Captured::Unreadable => return Err(()),
        Captured::Json(json) => json,
    };
    match serde_json::from_slice(json) {
        Ok(Value::Null | Value::Bool(false)) => Ok(None),
        Ok(Value::String(text)) => Ok(Some(text).filter(|text| !text.is_empty())),
        // Its digits, as they are written.
        Ok(Value::Number(_)) => Ok(String::from_utf8(json.clone()).ok()),
        Ok(Value::Bool(true) | Value::Array(_) | Value::Object(_)) | Err(_) => Err(()),
    }
}

/// Whether a text is a URL and no cursor: a cursor would be a relative URL as well.
fn is_url(text: &str) -> bool {
    text.starts_with(['/', '?', '.']) || text.contains("://") || text.contains('?')
}

/// The number in a query parameter.
fn number(url: &Url, name: &str) -> Option<u64> {
    let mut pairs = url.query_pairs();
    pairs.find(|(key, _)| key == name)?.1.parse().ok()
}

/// The URL with another value of one query parameter. All others stay as they are written.
fn with_parameter(url: &Url, name: &str, value: &str) -> Url {
    let is_other = |pair: &&str| {
        let mut parsed = form_urlencoded::parse(pair.as_bytes());
        !pair.is_empty() && parsed.next().is_some_and(|(key, _)| key != name)
    };
    // `%20` is a blank everywhere in a URL, `+` only in forms.
    let encode = |text: &str| {
        form_urlencoded::byte_serialize(text.as_bytes())
            .collect::<String>()
            .replace('+', "%20")
    };
    let pair = format!("{}={}", encode(name), encode(value));
    let others = url.query().unwrap_or_default().split('&').filter(is_other);
    let query: Vec<&str> = others.chain([pair.as_str()]).collect();
    let mut url = url.clone();
    url.set_query(Some(&query.join("&")));
    url
}

#[cfg(test)]
mod tests;

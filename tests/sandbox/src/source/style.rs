//! How well-known APIs wrap a list of customers, and how they say where it goes on.

use axum::http::Uri;
use data_encoding::BASE64;
use url::form_urlencoded;

use crate::settings::{Settings, SourceStyle};

/// Where a page begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// The page of this number, from 1.
    Page(u64),
    /// Behind the customer with this id.
    After(String),
}

/// A page, as its envelope describes it.
pub(super) struct PageInfo<'a> {
    pub(super) settings: &'a Settings,
    /// `http://HOST` as the client asked for it.
    pub(super) origin: &'a str,
    /// From 1.
    pub(super) number: u64,
    /// Customers on this page, and on all pages.
    pub(super) count: u64,
    pub(super) total: u64,
    pub(super) has_next: bool,
}

/// What stands around the customers of a page.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Envelope {
    pub(super) before: String,
    pub(super) after: String,
    pub(super) headers: Vec<(&'static str, String)>,
}

const PATH: &str = "/customers";

impl SourceStyle {
    /// Whether links to other pages are in headers, where they may be relative, and not in the body.
    pub(super) fn links_in_headers(self) -> bool {
        matches!(self, Self::Array | Self::Shopify | Self::Woocommerce)
    }

    /// `None` where the parameter is no page of this style.
    pub(super) fn start(self, uri: &Uri) -> Option<Start> {
        let query = uri.query().unwrap_or_default();
        let parameter = |name: &str| {
            form_urlencoded::parse(query.as_bytes())
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.into_owned())
        };
        let page = match self {
            Self::Stripe => match parameter("starting_after") {
                Some(id) => return Some(Start::After(id)),
                None => Some(1),
            },
            Self::Salesforce => match uri.path().strip_prefix(PATH)?.strip_prefix('/') {
                Some(locator) => locator.strip_prefix("01g")?.parse().ok(),
                None => Some(1),
            },
            Self::Shopify => parameter("page_info").map_or(Some(1), |text| page_of(&text)),
            Self::Hubspot => parameter("after").map_or(Some(1), |text| page_of(&text)),
            Self::Square => parameter("cursor").map_or(Some(1), |text| page_of(&text)),
            Self::Odata => parameter("$skiptoken").map_or(Some(1), |text| page_of(&text)),
            Self::Array | Self::Bigcommerce | Self::Django | Self::PageNumbers | Self::Woocommerce => {
                parameter("page").map_or(Some(1), |text| text.parse().ok())
            }
        };
        page.filter(|page| *page > 0).map(Start::Page)
    }

    pub(super) fn envelope(self, page: &PageInfo<'_>) -> Envelope {
        let PageInfo {
            settings,
            origin,
            number,
            count,
            total,
            has_next,
        } = *page;
        let size = settings.page_size;
        let next = has_next.then(|| number.saturating_add(1));
        let previous = (number > 1).then(|| number - 1);
        let url = |page: u64| format!("{origin}{PATH}?page={page}");
        let member = |text: Option<String>| text.map_or("null".to_owned(), |text| format!("\"{text}\""));
        match self {
            Self::Array => Envelope::new("[", "]").link(next.map(|page| {
                let target = format!("{PATH}?page={page}");
                settings.link_to(origin, &target)
            })),
            Self::PageNumbers => Envelope::new("[", "]"),
            Self::Woocommerce => {
                let pages = total.div_ceil(size.max(1));
                let links = previous.map(|page| format!("<{}>; rel=\"prev\"", url(page)));
                let links = links.into_iter().chain(next.map(|page| {
                    let target = format!("{PATH}?page={page}");
                    settings.link_to(origin, &target)
                }));
                let links: Vec<String> = links.collect();
                Envelope::new("[", "]")
                    .header("x-wp-total", total.to_string())
                    .header("x-wp-totalpages", pages.to_string())
                    .link((!links.is_empty()).then(|| links.join(", ")))
            }
            Self::Shopify => Envelope::new("{\"customers\":[", "]}").link(next.map(|page| {
                let target = format!("{PATH}?limit={size}&page_info={}", encoded(&cursor(page)));
                settings.link_to(origin, &target)
            })),
            Self::Stripe => Envelope::new(
                "{\"object\":\"list\",\"data\":[",
                format!("],\"has_more\":{has_next},\"url\":\"{PATH}\"}}"),
            ),
            Self::Hubspot => {
                let paging = next.map(cursor).map(|after| {
                    let link = format!("{origin}{PATH}?after={}", encoded(&after));
                    format!(",\"paging\":{{\"next\":{{\"after\":\"{after}\",\"link\":\"{link}\"}}}}")
                });
                Envelope::new("{\"results\":[", format!("]{}}}", paging.unwrap_or_default()))
            }
            Self::Bigcommerce => {
                let pages = total.div_ceil(size.max(1));
                let query = |page: u64| format!("?page={page}&limit={size}");
                let link = |name: &str, page: Option<u64>| {
                    page.map(|page| format!("\"{name}\":\"{}\"", query(page)))
                };
                let links = [
                    link("previous", previous),
                    link("current", Some(number)),
                    link("next", next),
                ];
                let links: Vec<String> = links.into_iter().flatten().collect();
                let pagination = format!(
                    "{{\"total\":{total},\"count\":{count},\"per_page\":{size},\"current_page\":{number},\
                     \"total_pages\":{pages},\"links\":{{{}}}}}",
                    links.join(",")
                );
                Envelope::new(
                    "{\"data\":[",
                    format!("],\"meta\":{{\"pagination\":{pagination}}}}}"),
                )
            }
            Self::Salesforce => {
                let next = next.map(|page| format!("\"nextRecordsUrl\":\"{PATH}/01g{page}\","));
                let before = format!(
                    "{{\"totalSize\":{total},\"done\":{},{}\"records\":[",
                    !has_next,
                    next.unwrap_or_default()
                );
                Envelope::new(before, "]}")
            }
            Self::Square => {
                let cursor = next.map(|page| format!(",\"cursor\":\"{}\"", cursor(page)));
                Envelope::new("{\"customers\":[", format!("]{}}}", cursor.unwrap_or_default()))
            }
            Self::Odata => {
                let next = next.map(|page| {
                    let token = encoded(&cursor(page));
                    format!(",\"@odata.nextLink\":\"{origin}{PATH}?$skiptoken={token}\"")
                });
                let before = format!("{{\"@odata.context\":\"{origin}/$metadata#customers\",\"value\":[");
                Envelope::new(before, format!("]{}}}", next.unwrap_or_default()))
            }
            Self::Django => {
                let before = format!(
                    "{{\"count\":{total},\"next\":{},\"previous\":{},\"results\":[",
                    member(next.map(url)),
                    member(previous.map(url))
                );
                Envelope::new(before, "]}")
            }
        }
    }
}

impl Envelope {
    fn new(before: impl Into<String>, after: impl Into<String>) -> Self {
        Self {
            before: before.into(),
            after: after.into(),
            headers: Vec::new(),
        }
    }

    fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    fn link(self, link: Option<String>) -> Self {
        match link {
            Some(link) => self.header("link", link),
            None => self,
        }
    }
}

/// In front of the number in a cursor: it makes a `+` and a `/` of base64, which a client has to percent-encode.
const CURSOR_PREFIX: [u8; 3] = [0xfb, 0xef, 0xff];

/// An opaque text for a page.
fn cursor(page: u64) -> String {
    BASE64.encode(&[&CURSOR_PREFIX[..], page.to_string().as_bytes()].concat())
}

fn page_of(cursor: &str) -> Option<u64> {
    let bytes = BASE64.decode(cursor.as_bytes()).ok()?;
    let digits = bytes.strip_prefix(&CURSOR_PREFIX)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursor_needs_percent_encoding_and_reads_back() {
        let text = cursor(2);
        assert!(
            text.contains('+') && text.contains('/') && text.contains('='),
            "{text}"
        );
        assert_eq!(page_of(&text), Some(2));
        for wrong in ["", "2", "Mg==", "%"] {
            assert_eq!(page_of(wrong), None, "{wrong}");
        }
    }
}

//! How a page says that it is not the only one, or not a page at all, beside what the configuration names.

use http::HeaderMap;
use url::Url;

use super::{link, member::Captured, paging::NextPage, pointer::Pointer};

/// How many customers there are on all pages. `X-WP-Total` is WordPress's, `X-Total` GitLab's, `X-Pagination-Total-Count`
/// Yii's.
const TOTALS: [&str; 5] = [
    "x-total-count",
    "x-wp-total",
    "x-total",
    "total-count",
    "x-pagination-total-count",
];

/// How many pages there are.
const PAGES: [&str; 3] = ["x-total-pages", "x-wp-totalpages", "x-pagination-page-count"];

/// The number or the cursor of the next page.
const NEXT: [&str; 3] = ["x-next-page", "x-next-cursor", "x-next-token"];

/// Members that lead to the next page, or say that there is one.
const MEMBERS: [&str; 19] = [
    "/has_more",
    "/hasMore",
    "/next",
    "/next_page",
    "/nextPage",
    "/next_page_token",
    "/nextPageToken",
    "/next_cursor",
    "/nextCursor",
    "/next_url",
    "/nextRecordsUrl",
    "/@odata.nextLink",
    "/_links/next",
    "/links/next",
    "/meta/next",
    "/meta/pagination/links/next",
    "/pagination/next",
    "/paging/next",
    "/response_metadata/next_cursor",
];

/// Members in which an answer with 200 reports an error.
const ERRORS: [&str; 2] = ["/error", "/errors"];

/// The members that are looked at here.
pub(super) fn members() -> impl Iterator<Item = Pointer> {
    let names = MEMBERS.into_iter().chain(ERRORS);
    names.filter_map(|name| Pointer::parse(name).ok())
}

/// The member in which a page reports an error.
pub(super) fn error_member<'a>(member: impl Fn(&Pointer) -> &'a Captured) -> Option<&'static str> {
    first_of(&ERRORS, member)
}

/// The header or the member by which a page of `customers` says that there is more, where `next` led to no next page.
pub(super) fn says_more<'a>(
    next: &NextPage,
    url: &Url,
    headers: &HeaderMap,
    customers: u64,
    member: impl Fn(&Pointer) -> &'a Captured,
) -> Option<String> {
    if let Some(name) = header_says_more(headers, customers) {
        return Some(format!("header {name}"));
    }
    if *next == NextPage::Link {
        return first_of(&MEMBERS, member).map(|name| format!("member {name}"));
    }
    let has_link = !matches!(link::next(headers, url), Ok(None));
    has_link.then(|| "header link".to_owned())
}

/// The first of these members that has a value.
fn first_of<'a>(names: &[&'static str], member: impl Fn(&Pointer) -> &'a Captured) -> Option<&'static str> {
    let has_value = |name: &&&str| Pointer::parse(name).is_ok_and(|name| member(&name).is_something());
    names.iter().find(has_value).copied()
}

/// The name of a header that says that there is more than `held` customers.
fn header_says_more(headers: &HeaderMap, held: u64) -> Option<&'static str> {
    let value = |name: &str| Some(headers.get(name)?.as_bytes().trim_ascii());
    let more = |names: &[&'static str], held| {
        let is_more = |name: &&&str| value(name).and_then(number).is_some_and(|total| total > held);
        names.iter().find(is_more).copied()
    };
    // `0-24/319` (RFC 9110 §14.4).
    let range = || {
        let total = value("content-range")?.rsplit(|byte| *byte == b'/').next()?;
        (number(total)? > held).then_some("content-range")
    };
    let next = || {
        let has_value = |name: &&str| value(name).is_some_and(|text| !text.is_empty());
        NEXT.into_iter().find(has_value)
    };
    more(&TOTALS, held)
        .or_else(|| more(&PAGES, 1))
        .or_else(range)
        .or_else(next)
}

/// A number as servers write it: `1000`, `1,000`, `1000.0`.
fn number(text: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(text).ok()?.trim_matches('"');
    let whole = text.strip_suffix(".0").unwrap_or(text);
    whole.replace([',', '_', ' ', '\''], "").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_says_more_than_the_page_holds() {
        for (name, value, held, says) in [
            ("x-total-count", "26", 25, true),
            ("x-total-count", "25", 25, false),
            ("X-Total-Count", " 26 ", 25, true),
            ("x-total-count", "many", 25, false),
            ("x-total-count", "1,000", 25, true),
            ("x-total-count", "1 000", 25, true),
            ("x-total-count", "\"26\"", 25, true),
            ("x-total-count", "26.0", 25, true),
            ("x-total-count", "25.0", 25, false),
            ("content-range", "0-24/26", 25, true),
            ("content-range", "items 0-24/26", 25, true),
            ("content-range", "0-24/25", 25, false),
            ("content-range", "0-24/*", 25, false),
            ("x-next-page", "\u{e9}", 25, true),
            ("x-wp-total", "26", 25, true),
            ("x-total", "26", 25, true),
            ("total-count", "26", 25, true),
            ("x-pagination-total-count", "26", 25, true),
            ("x-total-pages", "2", 25, true),
            ("x-total-pages", "1", 0, false),
            ("x-wp-totalpages", "2", 25, true),
            ("x-wp-totalpages", "0", 0, false),
            ("x-pagination-page-count", "2", 25, true),
            ("x-next-page", "2", 25, true),
            ("x-next-page", "", 25, false),
            ("x-next-cursor", "abc", 25, true),
            ("x-request-id", "26", 25, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(
                http::HeaderName::from_bytes(name.to_lowercase().as_bytes()).unwrap(),
                http::HeaderValue::from_bytes(value.as_bytes()).unwrap(),
            );
            let expected = says.then(|| name.to_lowercase());
            assert_eq!(
                header_says_more(&headers, held),
                expected.as_deref(),
                "{name}: {value}"
            );
        }
    }
}

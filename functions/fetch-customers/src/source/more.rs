//! Headers by which a page says that it is not the only one.

use http::HeaderMap;

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

/// The name of a header that says that there is more than the page's `held` customers.
pub(super) fn says_more(headers: &HeaderMap, held: u64) -> Option<&'static str> {
    let text = |name: &str| Some(headers.get(name)?.to_str().ok()?.trim());
    let number = |name: &str| text(name)?.parse::<u64>().ok();
    let more = |names: &[&'static str], held| {
        let mut names = names.iter();
        names
            .find(|name| number(name).is_some_and(|total| total > held))
            .copied()
    };
    more(&TOTALS, held).or_else(|| more(&PAGES, 1)).or_else(|| {
        NEXT.into_iter()
            .find(|name| text(name).is_some_and(|text| !text.is_empty()))
    })
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
                value.parse().unwrap(),
            );
            let expected = says.then(|| name.to_lowercase());
            assert_eq!(says_more(&headers, held), expected.as_deref(), "{name}: {value}");
        }
    }
}

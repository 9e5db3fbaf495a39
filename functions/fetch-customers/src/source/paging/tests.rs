use http::header::LINK;
use serde_json::value::RawValue;

use super::*;

const PAGE: &str = "https://a/customers?limit=5&$filter=x%20y";

fn pointer(text: &str) -> Pointer {
    Pointer::parse(text).unwrap()
}

fn paging(next: &str, parameter: &str) -> Paging {
    Paging {
        items: Some(pointer("/data")),
        next: if next.is_empty() {
            NextPage::Link
        } else {
            NextPage::parse(next).unwrap()
        },
        cursor_parameter: Some(parameter.to_owned()).filter(|name| !name.is_empty()),
        more: Some(pointer("/has_more")),
    }
}

/// What a test says of a page.
struct Given<'a> {
    url: &'a str,
    next: &'a str,
    more: &'a str,
    elements: u64,
    last_id: Option<&'a str>,
}

impl Default for Given<'_> {
    fn default() -> Self {
        Self {
            url: PAGE,
            next: "",
            more: "",
            elements: 5,
            last_id: None,
        }
    }
}

fn captured(json: &str) -> Captured {
    if json.is_empty() {
        Captured::Absent
    } else {
        Captured::Json(json.as_bytes().to_vec())
    }
}

fn next_page(paging: &Paging, given: &Given<'_>) -> Result<Option<String>, NextPageError> {
    let mut headers = HeaderMap::new();
    if paging.next == NextPage::Link && !given.next.is_empty() {
        headers.insert(LINK, given.next.parse().unwrap());
    }
    let id = given
        .last_id
        .map(|id| CustomerId::from_json(&RawValue::from_string(id.to_owned()).unwrap()).unwrap());
    let next = paging.next_page(ReadPage {
        url: &Url::parse(given.url).unwrap(),
        headers: &headers,
        next: &captured(given.next),
        more: &captured(given.more),
        elements: given.elements,
        last_id: id.as_ref(),
    });
    next.map(|url| url.map(String::from))
}

#[test]
fn member_names_the_next_page() {
    for (parameter, next, expected) in [
        (
            "",
            r#""https://a/customers?page=2""#,
            Some("https://a/customers?page=2"),
        ),
        (
            "",
            r#""?page=2&limit=5""#,
            Some("https://a/customers?page=2&limit=5"),
        ),
        ("", r#""/customers/01g2""#, Some("https://a/customers/01g2")),
        (
            "",
            r#""customers?page=2#top""#,
            Some("https://a/customers?page=2"),
        ),
        (
            "cursor",
            r#""a+b/c=""#,
            Some("https://a/customers?limit=5&$filter=x%20y&cursor=a%2Bb%2Fc%3D"),
        ),
        (
            "offset",
            "10",
            Some("https://a/customers?limit=5&$filter=x%20y&offset=10"),
        ),
        (
            "limit",
            r#""a b""#,
            Some("https://a/customers?$filter=x%20y&limit=a%20b"),
        ),
        ("", "null", None),
        ("", r#""""#, None),
        ("", "false", None),
        ("", "", None),
        ("cursor", "null", None),
    ] {
        let given = Given {
            next,
            ..Given::default()
        };
        let next_page = next_page(&paging("/next", parameter), &given);
        assert_eq!(next_page, Ok(expected.map(str::to_owned)), "{parameter} {next}");
    }
}

#[test]
fn announced_but_unusable_next_page_is_an_error() {
    for (style, parameter, next, expected) in [
        (
            "/next",
            "",
            r#""eyJpZCI6MX0=""#,
            NextPageError::NoUrl(pointer("/next")),
        ),
        (
            "/next",
            "",
            r#""https://a:PORT/""#,
            NextPageError::NoUrl(pointer("/next")),
        ),
        ("/next", "", "2", NextPageError::NoUrl(pointer("/next"))),
        (
            "/next",
            "cursor",
            "true",
            NextPageError::Unreadable(pointer("/next")),
        ),
        (
            "/next",
            "cursor",
            r#"{"after": 1}"#,
            NextPageError::Unreadable(pointer("/next")),
        ),
        (
            "/next",
            "cursor",
            r#""\ud800""#,
            NextPageError::Unreadable(pointer("/next")),
        ),
        ("", "", "<https://a:PORT/>; rel=next", NextPageError::LinkIsNoUrl),
        ("", "", "<https://a/; rel=next", NextPageError::UnreadableLink),
        ("last-id", "after", "", NextPageError::NoLastId),
    ] {
        let given = Given {
            next,
            ..Given::default()
        };
        assert_eq!(
            next_page(&paging(style, parameter), &given),
            Err(expected),
            "{style} {next}"
        );
    }
    let too_long = ReadPage {
        url: &Url::parse(PAGE).unwrap(),
        headers: &HeaderMap::new(),
        next: &Captured::Unreadable,
        more: &Captured::Absent,
        elements: 1,
        last_id: None,
    };
    let error = NextPageError::Unreadable(pointer("/next"));
    assert_eq!(paging("/next", "cursor").next_page(too_long), Err(error));
}

#[test]
fn last_id_is_the_cursor() {
    let paging = paging("last-id", "starting_after");
    for (elements, more, last_id, expected) in [
        (5, "true", Some(r#""a&b""#), Some("a%26b")),
        (5, "", Some("7"), Some("7")),
        (5, "false", Some("7"), None),
        (0, "", None, None),
    ] {
        let given = Given {
            more,
            elements,
            last_id,
            ..Given::default()
        };
        let expected = expected.map(|id| format!("{PAGE}&starting_after={id}"));
        assert_eq!(next_page(&paging, &given), Ok(expected), "{more} {last_id:?}");
    }
}

#[test]
fn page_numbers_are_counted_up() {
    let paging = paging("page", "page");
    let first = |url| String::from(paging.first_page(&Url::parse(url).unwrap()));
    assert_eq!(first("https://a/"), "https://a/?page=1");
    assert_eq!(first("https://a/?page=0&x=1"), "https://a/?page=0&x=1");
    assert_eq!(first("https://a/?page=first"), "https://a/?page=1");
    for (url, elements, expected) in [
        ("https://a/?page=1", 5, Some("https://a/?page=2")),
        ("https://a/?page=9&x=1", 5, Some("https://a/?x=1&page=10")),
        ("https://a/?page=3", 0, None),
    ] {
        let given = Given {
            url,
            elements,
            ..Given::default()
        };
        assert_eq!(
            next_page(&paging, &given),
            Ok(expected.map(str::to_owned)),
            "{url}"
        );
    }
    let last = Given {
        url: "https://a/?page=18446744073709551615",
        ..Given::default()
    };
    assert_eq!(next_page(&paging, &last), Err(NextPageError::LastNumber));
}

#[test]
fn more_pointer_ends_run_or_demands_page() {
    let paging = paging("/next", "cursor");
    let next = |more, next| {
        let given = Given {
            next,
            more,
            ..Given::default()
        };
        next_page(&paging, &given).map(|url| url.is_some())
    };
    assert_eq!(next("false", r#""a""#), Ok(false));
    assert_eq!(next("true", r#""a""#), Ok(true));
    assert_eq!(next("null", r#""a""#), Ok(true));
    assert_eq!(next("", "null"), Ok(false));
    assert_eq!(
        next("true", "null"),
        Err(NextPageError::NotNamed(pointer("/has_more")))
    );
    for more in [r#""yes""#, "1", "{}", "nul"] {
        assert_eq!(
            next(more, r#""a""#),
            Err(NextPageError::NoBoolean(pointer("/has_more"))),
            "{more}"
        );
    }
}

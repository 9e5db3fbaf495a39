//! Pages of `GET /customers`, and the links between them.

use sandbox::{Customers, EmptyPages, LinkTargets, Settings, links};
use serde_json::Value;

use crate::caller::{client, get_customers, json_of, problem, start};

#[tokio::test]
async fn pages_link_to_the_next() {
    let customers = Customers::parse(b"[1,2,3,4,5]").unwrap();
    let sandbox = start(Settings {
        customers,
        page_size: 2,
        ..Settings::default()
    })
    .await;
    for (query, body, link) in [
        ("", "[1,2]", Some("</customers?page=2>; rel=\"next\"")),
        ("?page=1", "[1,2]", Some("</customers?page=2>; rel=\"next\"")),
        ("?page=2", "[3,4]", Some("</customers?page=3>; rel=\"next\"")),
        ("?page=3", "[5]", None),
        ("?page=4", "[]", None),
        ("?page=18446744073709551615", "[]", None),
    ] {
        let url = format!("{}{query}", sandbox.customers_url());
        let response = client()
            .get(url)
            .header("x-api-key", "fixture-api-key")
            .send()
            .await
            .unwrap();
        let links = response
            .headers()
            .get("link")
            .map(|link| link.to_str().unwrap().to_owned());
        assert_eq!(links.as_deref(), link, "{query}");
        assert_eq!(response.text().await.unwrap(), body, "{query}");
    }
    for query in ["?page=0", "?page=x", "?page=-1"] {
        let url = format!("{}{query}", sandbox.customers_url());
        let response = client()
            .get(url)
            .header("x-api-key", "fixture-api-key")
            .send()
            .await
            .unwrap();
        assert_eq!(
            problem(response, 400).await,
            "the page must be a whole number from 1, or a cursor of this source"
        );
    }
}

#[tokio::test]
async fn full_last_page_has_no_link() {
    let customers = Customers::parse(b"[1,2,3,4]").unwrap();
    let sandbox = start(Settings {
        customers,
        page_size: 2,
        ..Settings::default()
    })
    .await;
    let url = format!("{}?page=2", sandbox.customers_url());
    let response = client()
        .get(url)
        .header("x-api-key", "fixture-api-key")
        .send()
        .await
        .unwrap();
    assert!(!response.headers().contains_key("link"));
}

#[tokio::test]
async fn absolute_link_names_the_requested_host() {
    let customers = Customers::parse(b"[1,2]").unwrap();
    let link_targets = LinkTargets::Absolute;
    let sandbox = start(Settings {
        customers,
        page_size: 1,
        link_targets,
        ..Settings::default()
    })
    .await;
    let response = get_customers(&sandbox).send().await.unwrap();
    let link = format!("<{}?page=2>; rel=\"next\"", sandbox.customers_url());
    assert_eq!(response.headers()["link"], link.as_str());
}

#[tokio::test]
async fn page_is_one_json_array() {
    let customers = Customers::MadeUp { count: 40, seed: 9 };
    let sandbox = start(Settings {
        customers,
        page_size: 40,
        ..Settings::default()
    })
    .await;
    let body: Value = json_of(get_customers(&sandbox).send().await.unwrap()).await;
    assert_eq!(body.as_array().unwrap().len(), 40);
}

/// The body and the link of each of the first pages.
async fn pages(sandbox: &sandbox::Sandbox, numbers: std::ops::RangeInclusive<u64>) -> Vec<(String, bool)> {
    let mut pages = Vec::new();
    for number in numbers {
        let url = format!("{}?page={number}", sandbox.customers_url());
        let request = client().get(url).header("x-api-key", "fixture-api-key");
        let response = request.send().await.unwrap();
        let links_on = response.headers().contains_key("link");
        pages.push((response.text().await.unwrap(), links_on));
    }
    pages
}

#[tokio::test]
async fn empty_pages_stand_between_full_ones() {
    let sandbox = start(Settings {
        customers: Customers::parse(b"[1,2]").unwrap(),
        page_size: 1,
        empty_pages: EmptyPages { after: 1, count: 2 },
        ..Settings::default()
    })
    .await;
    let page = |body: &str, links_on| (body.to_owned(), links_on);
    assert_eq!(
        pages(&sandbox, 1..=4).await,
        [
            page("[1]", true),
            page("[]", true),
            page("[]", true),
            page("[2]", false)
        ]
    );
}

#[tokio::test]
async fn endless_empty_pages_link_on() {
    let sandbox = start(Settings {
        customers: Customers::parse(b"[1]").unwrap(),
        page_size: 1,
        empty_pages: EmptyPages::endless(1),
        ..Settings::default()
    })
    .await;
    let far = 1_000_000;
    assert_eq!(pages(&sandbox, 1..=1).await, [("[1]".to_owned(), true)]);
    assert_eq!(pages(&sandbox, far..=far).await, [("[]".to_owned(), true)]);
}

#[tokio::test]
async fn link_is_written_as_set() {
    let path = "/customers?page=2";
    for (link, expected) in [
        (links::SINGLE_QUOTES, format!("<{path}>; rel='next'")),
        (
            links::BAD_PORT,
            format!("<http://127.0.0.1:PORT{path}>; rel=\"next\""),
        ),
        (links::WITHOUT_BRACKETS, format!("{path}; rel=\"next\"")),
        (links::HTML_ESCAPED, format!("&lt;{path}&gt;; rel=\"next\"")),
        (links::WITHOUT_END, format!("<{path}; rel=\"next\"")),
        (links::WITHOUT_SEMICOLON, format!("<{path}> rel=\"next\"")),
    ] {
        let sandbox = start(Settings {
            customers: Customers::parse(b"[1,2]").unwrap(),
            page_size: 1,
            link: link.to_owned(),
            ..Settings::default()
        })
        .await;
        let response = get_customers(&sandbox).send().await.unwrap();
        assert_eq!(response.headers()["link"], expected);
    }
}

#[tokio::test]
async fn link_may_hold_bytes_beyond_ascii() {
    let sandbox = start(Settings {
        customers: Customers::parse(b"[1,2]").unwrap(),
        page_size: 1,
        link: links::UTF8_IN_ANOTHER.to_owned(),
        ..Settings::default()
    })
    .await;
    let response = get_customers(&sandbox).send().await.unwrap();
    let link = std::str::from_utf8(response.headers()["link"].as_bytes()).unwrap();
    assert!(!link.is_ascii(), "{link}");
    assert!(link.ends_with("</customers?page=2>; rel=\"next\""), "{link}");
}

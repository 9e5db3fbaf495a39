//! `GET /customers`

use sandbox::{Compression, Customers, EmptyPages, LinkTargets, Settings, customers, links};
use serde_json::{Value, value::RawValue};

use crate::caller::{client, get_customers, json_of, problem, start};

#[tokio::test]
async fn elements_are_served_verbatim() {
    let json = "[ {\"b\" : 1,\n \"a\":\"\\u00e9\\/\"} , 2.50,null, \"x\" ]";
    let customers = Customers::parse(json.as_bytes()).unwrap();
    let sandbox = start(Settings {
        customers,
        ..Settings::default()
    })
    .await;
    let response = get_customers(&sandbox).send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert!(!response.headers().contains_key("link"));
    assert_eq!(
        response.text().await.unwrap(),
        "[{\"b\" : 1,\n \"a\":\"\\u00e9\\/\"},2.50,null,\"x\"]"
    );
    let counters = sandbox.counters();
    assert_eq!((counters.source_requests, counters.customers_served), (1, 4));
    assert_eq!(counters.source_statuses, [(200, 1)].into());
}

#[tokio::test]
async fn no_customers_is_an_empty_array() {
    let sandbox = start(Settings::default()).await;
    assert_eq!(
        get_customers(&sandbox)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap(),
        "[]"
    );
}

#[tokio::test]
async fn customers_beyond_a_chunk_are_complete() {
    let customers = customers::generate(2_000, 1);
    let sandbox = start(Settings {
        customers: customers.clone().into(),
        ..Settings::default()
    })
    .await;
    let body = get_customers(&sandbox)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(body.len() > 300_000, "{}", body.len());
    let served: Vec<&RawValue> = serde_json::from_str(&body).unwrap();
    let served: Vec<&str> = served.iter().map(|element| element.get()).collect();
    let expected: Vec<&str> = customers.iter().map(|customer| customer.json.as_str()).collect();
    assert_eq!(served, expected);
    assert_eq!(sandbox.counters().customers_served, 2_000);
}

#[tokio::test]
async fn streamed_customers_match_the_seed() {
    let customers = Customers::MadeUp { count: 500, seed: 3 };
    let sandbox = start(Settings {
        customers,
        ..Settings::default()
    })
    .await;
    let on_the_fly = get_customers(&sandbox)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    sandbox.set_customers(customers::generate(500, 3));
    assert_eq!(
        get_customers(&sandbox)
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap(),
        on_the_fly
    );
}

#[tokio::test]
async fn missing_or_wrong_key_is_a_401() {
    let sandbox = start(Settings {
        api_key_header: "x-fixture".into(),
        ..Settings::default()
    })
    .await;
    let url = sandbox.customers_url();
    let missing = client().get(&url).send().await.unwrap();
    assert_eq!(problem(missing, 401).await, "x-fixture is missing or wrong");
    let elsewhere = client()
        .get(&url)
        .header("x-api-key", "fixture-api-key")
        .send()
        .await
        .unwrap();
    assert_eq!(elsewhere.status(), 401);
    let wrong = client()
        .get(&url)
        .header("x-fixture", "fixture-api-kex")
        .send()
        .await
        .unwrap();
    assert_eq!(wrong.status(), 401);
    let right = client()
        .get(&url)
        .header("X-Fixture", "fixture-api-key")
        .send()
        .await
        .unwrap();
    assert_eq!(right.status(), 200);
    let counters = sandbox.counters();
    assert_eq!(counters.source_statuses, [(200, 1), (401, 3)].into());
    assert_eq!(counters.customers_served, 0);
}

#[tokio::test]
async fn rotated_key_replaces_the_former() {
    let sandbox = start(Settings::default()).await;
    let before = get_customers(&sandbox);
    sandbox.rotate_api_key("fixture-api-key-2");
    assert_eq!(before.send().await.unwrap().status(), 401);
    assert_eq!(get_customers(&sandbox).send().await.unwrap().status(), 200);
}

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
async fn other_methods_and_paths_are_refused() {
    let sandbox = start(Settings::default()).await;
    let response = client().post(sandbox.customers_url()).send().await.unwrap();
    assert_eq!(response.status(), 405);
    let response = client()
        .get(format!("{}/nowhere", sandbox.base_url()))
        .send()
        .await
        .unwrap();
    assert_eq!(problem(response, 404).await, "the sandbox has no such path");
}

#[test]
fn customers_must_be_an_array() {
    for wrong in ["", "{}", "null", "[1,", "[1] 2"] {
        assert!(Customers::parse(wrong.as_bytes()).is_err(), "{wrong}");
    }
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

#[tokio::test]
async fn accepted_compression_is_applied() {
    for (compression, encoding) in [
        (Compression::Gzip, "gzip"),
        (Compression::Brotli, "br"),
        (Compression::Zstd, "zstd"),
    ] {
        let sandbox = start(Settings {
            customers: customers::generate(100, 1).into(),
            compression: Some(compression),
            ..Settings::default()
        })
        .await;
        let plain = get_customers(&sandbox).send().await.unwrap();
        assert!(!plain.headers().contains_key("content-encoding"));
        let all = get_customers(&sandbox).header("accept-encoding", "gzip, br, zstd");
        let compressed = all.send().await.unwrap();
        assert_eq!(compressed.headers()["content-encoding"], encoding);
        let compressed = compressed.bytes().await.unwrap();
        assert!(compressed.len() < plain.bytes().await.unwrap().len() / 2);
    }
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

#[tokio::test]
async fn static_headers_are_required_as_set() {
    let sandbox = start(Settings {
        source_headers: vec![("x-version".to_owned(), "2".to_owned())],
        ..Settings::default()
    })
    .await;
    let missing = get_customers(&sandbox).send().await.unwrap();
    assert_eq!(problem(missing, 400).await, "x-version is missing or wrong");
    let right = get_customers(&sandbox).header("x-version", "2");
    assert_eq!(right.send().await.unwrap().status(), 200);
}

//! `GET /customers`

use sandbox::{Compression, Customers, Settings, customers};
use serde_json::value::RawValue;

use crate::caller::{client, get_customers, problem, start};

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

//! Genuine answers with another status, other headers, or bytes in front of their body.

use sandbox::{Action, Alteration, Compression, Customers, Endpoint, Rule, Settings};

use crate::caller::{ask_for_token, get_customers, json_of, order, post, start, token};

#[tokio::test]
async fn token_answer_takes_another_status_type_and_mark() {
    let sandbox = start(Settings::default()).await;
    let alteration = Alteration::default()
        .status(201)
        .header("content-type", "text/html")
        .byte_order_mark();
    sandbox.set_faults([Rule::on(Endpoint::Token, alteration)]);
    let response = ask_for_token(&sandbox).send().await.unwrap();
    assert_eq!(response.status(), 201);
    assert_eq!(response.headers()["content-type"], "text/html");
    let body = response.bytes().await.unwrap();
    assert!(body.starts_with(b"\xef\xbb\xbf{\"access_token\""), "{body:?}");
    assert_eq!(sandbox.counters().token_grants, 1);
}

#[tokio::test]
async fn page_loses_its_link_and_gains_a_count() {
    let customers = Customers::parse(b"[1,2,3]").unwrap();
    let sandbox = start(Settings {
        customers,
        page_size: 1,
        ..Settings::default()
    })
    .await;
    let alteration = Alteration::default()
        .without("link")
        .header("x-total-count", "3")
        .header("x-name", &b"caf\xe9"[..]);
    sandbox.set_faults([Rule::on(Endpoint::Customers, alteration)]);
    let response = get_customers(&sandbox).send().await.unwrap();
    assert!(!response.headers().contains_key("link"));
    assert_eq!(response.headers()["x-total-count"], "3");
    assert_eq!(response.headers()["x-name"].as_bytes(), b"caf\xe9");
    assert_eq!(response.text().await.unwrap(), "[1]");
}

#[tokio::test]
async fn alteration_that_is_not_http_is_a_500() {
    for wrong in [
        Alteration::default().status(99),
        Alteration::default().header("bad name", "x"),
        Alteration::default().header("x", "a\nb"),
    ] {
        let sandbox = start(Settings::default()).await;
        sandbox.set_faults([Rule::on(Endpoint::Token, wrong)]);
        assert_eq!(ask_for_token(&sandbox).send().await.unwrap().status(), 500);
    }
}

#[tokio::test]
async fn bomb_is_small_and_compressed_for_every_client() {
    const MEBIBYTES: u64 = 8;
    for (coding, name) in [
        (Compression::Gzip, "gzip"),
        (Compression::Brotli, "br"),
        (Compression::Zstd, "zstd"),
    ] {
        let sandbox = start(Settings::default()).await;
        let token = token(&sandbox).await;
        let bomb = Action::bomb(coding, MEBIBYTES << 20);
        sandbox.set_faults([Rule::on(Endpoint::Orders, bomb)]);
        let response = post(&sandbox, &token, &order(1)).send().await.unwrap();
        assert_eq!(response.status(), 201);
        assert_eq!(response.headers()["content-encoding"], name);
        let sent = response.bytes().await.unwrap().len();
        assert!((1..100_000).contains(&sent), "{name}: {sent}");
        assert_eq!(sandbox.counters().orders_stored, 1);
    }
}

#[tokio::test]
async fn bomb_decompresses_to_blanks_and_the_genuine_answer() {
    const BLANKS: u64 = 100_000;
    for coding in [Compression::Gzip, Compression::Brotli, Compression::Zstd] {
        let sandbox = start(Settings::default()).await;
        sandbox.set_faults([Rule::on(Endpoint::Token, Action::bomb(coding, BLANKS))]);
        let url = sandbox.token_url();
        let client = reqwest::Client::builder().no_proxy().tls_certs_only([]);
        let answer = client
            .build()
            .unwrap()
            .post(url)
            .basic_auth("fixture-client", Some("fixture-client-secret"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials")
            .send()
            .await
            .unwrap();
        let json = json_of(answer).await;
        assert_eq!(json["token_type"], "Bearer");
    }
}

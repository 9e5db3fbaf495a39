//! `fetch-customers`: the secret, the first page, its first customer, and the next page.

use fixture::{Change, ID, ID_POINTER, customer_with_id, only_id};
use integration_tests::bridge::SOURCE_SECRET;
use sandbox::{Customers, SourceStyle};

use super::*;

/// Customers whose ids are canaries, on pages of `page_size`.
fn source(count: u64, page_size: u64) -> Settings {
    let customers = (0..count).map(|id| customer_with_id(format!("{ID_CANARY}-{id}")).to_string());
    Settings {
        customers: Customers::Given(customers.collect::<Vec<_>>().into()),
        page_size,
        ..Settings::default()
    }
}

async fn bridge(settings: Settings) -> Bridge {
    Bridge::start(settings, |environment| environment).await
}

/// The answer where the source's first request meets this.
async fn checked_on(action: impl Into<Action>) -> Value {
    let bridge = bridge(source(5, 0)).await;
    bridge.sandbox.set_faults([Rule::on(Endpoint::Customers, action)]);
    check_fetch_customers(&bridge).await
}

fn json_body(body: &str) -> Answer {
    Answer::status(200).body("application/json", body.to_owned())
}

#[tokio::test]
async fn source_that_works_passes_each_step() {
    let bridge = bridge(source(25, 10)).await;
    let answer = check_fetch_customers(&bridge).await;
    assert_eq!(
        outcome(&answer),
        [
            ("secret", true),
            ("source", true),
            ("customer", true),
            ("next_page", true)
        ]
    );
    // The first page, once.
    assert_eq!(bridge.sandbox.counters().source_requests, 1);
    assert_eq!(
        step(&answer, "next_page")["says"],
        "the first page has 10 customers and a next page, by the Link header (SourceNext is empty)"
    );
}

#[tokio::test]
async fn page_says_how_next_page_is_found() {
    for (style, items, next, cursor, more, place) in [
        (SourceStyle::Shopify, "/customers", "", "", "", "the Link header"),
        (
            SourceStyle::Square,
            "/customers",
            "/cursor",
            "cursor",
            "",
            "/cursor",
        ),
        (SourceStyle::Django, "/results", "/next", "", "", "/next"),
        (
            SourceStyle::Stripe,
            "/data",
            "last-id",
            "starting_after",
            "/has_more",
            "the last customer's id",
        ),
        (
            SourceStyle::PageNumbers,
            "",
            "page",
            "page",
            "",
            "the page number",
        ),
    ] {
        for (page_size, found) in [(10, "10 customers and a next page"), (25, "25 customers and")] {
            let settings = Settings {
                source_style: style,
                ..source(25, page_size)
            };
            let bridge = Bridge::start(settings, |environment| {
                environment
                    .with("SOURCE_ITEMS", items)
                    .with("SOURCE_NEXT", next)
                    .with("SOURCE_CURSOR_PARAMETER", cursor)
                    .with("SOURCE_MORE_POINTER", more)
            })
            .await;
            let answer = check_fetch_customers(&bridge).await;
            assert_eq!(answer["ok"], true, "{answer}");
            let says = step(&answer, "next_page")["says"].as_str().unwrap();
            assert!(says.contains(found) && says.contains(place), "{style:?}: {says}");
            // Only an empty page ends page numbers.
            let has_next = page_size == 10 || next == "page";
            assert_eq!(says.contains("no next page"), !has_next, "{style:?}: {says}");
        }
    }
}

#[tokio::test]
async fn single_page_that_says_more_fails() {
    let body = json!([customer_with_id("1")]).to_string();
    let answer = checked_on(json_body(&body).header("x-total-count", "26")).await;
    assert_failed(&answer, "next_page", "x-total-count", "correct SourceNext");
}

#[tokio::test]
async fn next_page_that_cannot_be_requested_fails() {
    let body = json!([customer_with_id("1")]).to_string();
    for (link, says, to_do) in [
        (
            "<https://idcanary.example.com/>; rel=next",
            "another origin",
            "use the origin",
        ),
        (
            "<http://[>; rel=next",
            "cannot be requested",
            "correct SourceNext",
        ),
        ("</customers>; rel=next", "links back", "correct SourceNext"),
    ] {
        let answer = checked_on(json_body(&body).header("link", link)).await;
        assert_failed(&answer, "next_page", says, to_do);
    }
}

#[tokio::test]
async fn page_that_breaks_off_fails() {
    let answer = checked_on(json_body(&format!("[{}, {{", only_id("1")))).await;
    assert_failed(&answer, "next_page", "was cut short", "run the check again");
    assert_eq!(step(&answer, "customer")["ok"], true);
}

#[tokio::test]
async fn source_without_customers_passes() {
    for answer in [json_body("[]"), Answer::status(204)] {
        let answer = checked_on(answer).await;
        let passed = [("secret", true), ("source", true), ("next_page", true)];
        assert_eq!(outcome(&answer), passed);
        let says = step(&answer, "source")["says"].as_str().unwrap();
        assert!(says.ends_with("its first page has no customers"), "{says}");
    }
}

#[tokio::test]
async fn first_customer_without_id_fails() {
    let without_id = customer_with_id(ID_CANARY).without(ID_POINTER);
    let blank = customer_with_id(" ");
    let says = format!("no usable id in `{ID}`");
    for customer in [without_id.to_string(), blank.to_string(), "1".to_owned()] {
        let answer = checked_on(json_body(&format!("[{customer}]"))).await;
        assert_failed(&answer, "customer", &says, "a dry run");
        assert_eq!(step(&answer, "next_page")["ok"], true);
    }
    let answer = checked_on(json_body("[NaN]")).await;
    assert_failed(&answer, "customer", "is not JSON", "a dry run");
    let large = only_id("1").with("/note", "x".repeat(2_000_000));
    let answer = checked_on(json_body(&json!([large]).to_string())).await;
    assert_failed(&answer, "customer", "does not fit", "a dry run");
}

#[tokio::test(start_paused = true)]
async fn first_page_without_end_leaves_next_page_unknown() {
    let body = format!("[{}{}]", only_id("1"), " ".repeat(100));
    // The first customer arrives after 11 seconds, the end after more than a minute.
    let slow = Action::Slow {
        delay_ms: 500,
        instead: Some(json_body(&body)),
    };
    let answer = checked_on(slow).await;
    assert_eq!(answer["ok"], true, "{answer}");
    let says = step(&answer, "next_page")["says"].as_str().unwrap();
    assert!(says.starts_with("not known: "), "{says}");
}

#[tokio::test]
async fn refused_key_fails() {
    for status in [401, 403] {
        let answer = checked_on(Answer::status(status).body("text/plain", API_TEXT)).await;
        let says = format!("refused the API key of secret {SOURCE_SECRET} with {status}");
        assert_failed(
            &answer,
            "source",
            &says,
            "correct `api_key` in the secret (SourceSecretArn)",
        );
    }
    let bridge = bridge(source(5, 0)).await;
    bridge.aws.set_secret(SOURCE_SECRET, r#"{"api_key": "hunter2"}"#);
    let answer = check_fetch_customers(&bridge).await;
    assert_failed(&answer, "source", "with 401", "correct `api_key`");
}

#[tokio::test]
async fn answer_that_is_no_page_fails() {
    let redirect = Answer::redirect("https://idcanary.example.com/");
    for (answer, says, to_do) in [
        (
            redirect,
            "307",
            "correct SourceUrl to the URL that it redirects to",
        ),
        (Answer::status(404), "404", "correct SourceUrl: its path"),
        (Answer::status(503), "503", "run the check again later"),
        (
            Answer::status(429).retry_after(60),
            "429",
            "run the check again in 60 s",
        ),
        (
            Answer::status(403).retry_after(60),
            "403",
            "run the check again in 60 s",
        ),
        (
            json_body(r#"{"data": []}"#),
            "starts like an object",
            "set SourceItems",
        ),
        (json_body("<html>"), "starts like HTML", "correct SourceUrl"),
        (json_body("null"), "not a JSON array", "correct SourceUrl"),
        (json_body(""), "cut short", "run the check again"),
        (
            json_body("[]").header("content-encoding", "compress"),
            "compressed",
            "gzip",
        ),
    ] {
        let answer = checked_on(answer).await;
        assert_eq!(outcome(&answer), [("secret", true), ("source", false)]);
        assert_failed(&answer, "source", says, to_do);
    }
    // One request each: nothing is retried.
    let bridge = bridge(source(5, 0)).await;
    bridge
        .sandbox
        .set_faults([Rule::on(Endpoint::Customers, Answer::status(503))]);
    check_fetch_customers(&bridge).await;
    assert_eq!(bridge.sandbox.counters().source_requests, 1);
}

#[tokio::test]
async fn source_items_that_lead_to_no_list_fail() {
    for (items, body, says, to_do) in [
        (
            "/data",
            r#"{"results": []}"#,
            "no JSON array at /data",
            "correct SourceItems",
        ),
        (
            "/data",
            r#"{"data": {}}"#,
            "no JSON array at /data",
            "correct SourceItems",
        ),
        ("/data", "[]", "starts like an array", "set SourceItems to empty"),
    ] {
        let bridge = Bridge::start(source(5, 0), |environment| {
            environment.with("SOURCE_ITEMS", items)
        })
        .await;
        bridge
            .sandbox
            .set_faults([Rule::on(Endpoint::Customers, json_body(body))]);
        let answer = check_fetch_customers(&bridge).await;
        assert_failed(&answer, "source", says, to_do);
    }
}

//! Sources that wrap their list and page in other ways.

use sandbox::{Action, SourceStyle};

use super::*;

/// A style of the sandbox, and the parameters for it.
struct Style {
    style: SourceStyle,
    items: &'static str,
    next: &'static str,
    cursor_parameter: &'static str,
    more: &'static str,
    /// Requests for three pages: one more where only an empty page is the end.
    requests: u64,
}

const fn style(
    style: SourceStyle,
    items: &'static str,
    next: &'static str,
    cursor_parameter: &'static str,
) -> Style {
    Style {
        style,
        items,
        next,
        cursor_parameter,
        more: "",
        requests: 3,
    }
}

const STYLES: [Style; 11] = [
    style(SourceStyle::Shopify, "/customers", "", ""),
    Style {
        more: "/has_more",
        ..style(SourceStyle::Stripe, "/data", "last-id", "starting_after")
    },
    style(SourceStyle::Hubspot, "/results", "/paging/next/link", ""),
    style(SourceStyle::Hubspot, "/results", "/paging/next/after", "after"),
    style(
        SourceStyle::Bigcommerce,
        "/data",
        "/meta/pagination/links/next",
        "",
    ),
    style(SourceStyle::Salesforce, "/records", "/nextRecordsUrl", ""),
    style(SourceStyle::Square, "/customers", "/cursor", "cursor"),
    style(SourceStyle::Odata, "/value", "/@odata.nextLink", ""),
    style(SourceStyle::Django, "/results", "/next", ""),
    Style {
        requests: 4,
        ..style(SourceStyle::PageNumbers, "", "page", "page")
    },
    style(SourceStyle::Woocommerce, "", "", ""),
];

async fn bridge_of(style: &Style, settings: Settings) -> Bridge {
    let settings = Settings {
        source_style: style.style,
        ..settings
    };
    Bridge::start(settings, |environment| {
        environment
            .with("SOURCE_ITEMS", style.items)
            .with("SOURCE_NEXT", style.next)
            .with("SOURCE_CURSOR_PARAMETER", style.cursor_parameter)
            .with("SOURCE_MORE_POINTER", style.more)
    })
    .await
}

/// Valid customers with an id each.
fn with_ids(count: u64, page_size: u64) -> Settings {
    let customers: Vec<String> = (0..count)
        .map(|id| only_id(format!("id {id}&+/")).with("/tag", "]}\\\"").to_string())
        .collect();
    Settings {
        customers: Customers::Given(customers.into()),
        page_size,
        ..Settings::default()
    }
}

#[tokio::test]
async fn three_pages_of_each_style_are_read() {
    for style in &STYLES {
        let bridge = bridge_of(style, with_ids(25, 10)).await;
        let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
        let name = style.style;
        assert_eq!(
            (
                run.progress.pages,
                run.progress.fetched,
                run.progress.enqueued,
                run.progress.repeated
            ),
            (style.requests, 25, 25, 0),
            "{name:?}"
        );
        assert_eq!(
            bridge.sandbox.counters().source_requests,
            style.requests,
            "{name:?}"
        );
        let expected: Vec<String> = (0..25)
            .map(|id| only_id(format!("id {id}&+/")).with("/tag", "]}\\\"").to_string())
            .map(|customer| format!(r#"{{"order_date":"{ORDER_DATE}","customer":{customer}}}"#))
            .collect();
        assert_eq!(bodies(&bridge), expected, "{name:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn broken_page_of_each_style_is_reread() {
    for style in &STYLES {
        let bridge = bridge_of(style, with_ids(60, 20)).await;
        let half = Action::Truncate {
            reset: true,
            instead: None,
        };
        bridge
            .sandbox
            .set_faults([Rule::on(Endpoint::Customers, half).calls(2)]);
        let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
        assert_eq!(
            (run.progress.fetched, run.progress.enqueued, run.progress.repeated),
            (60, 60, 0),
            "{:?}",
            style.style
        );
        assert_eq!(bodies(&bridge).len(), 60, "{:?}", style.style);
    }
}

#[tokio::test(start_paused = true)]
async fn run_of_each_style_continues_in_further_invocations() {
    for style in &STYLES {
        let bridge = bridge_of(style, with_ids(58, 5)).await;
        bridge
            .sandbox
            .set_faults([Rule::on(Endpoint::Customers, Action::Pass).latency_ms(10_000)]);
        let mut input = json!({"order_date": ORDER_DATE});
        let mut invocations = 1;
        let run = loop {
            let run = bridge.run_within(Duration::from_secs(60), input).await.unwrap();
            if !run.continued {
                break run;
            }
            invocations += 1;
            input = bridge.aws.calls("Invoke").last().unwrap().input["Payload"].clone();
        };
        assert_eq!(
            (run.progress.fetched, run.progress.enqueued),
            (58, 58),
            "{:?}",
            style.style
        );
        assert!(invocations > 3, "{:?}", style.style);
        assert_eq!(bodies(&bridge).iter().collect::<HashSet<_>>().len(), 58);
    }
}

#[tokio::test]
async fn empty_source_of_each_style_completes_the_run() {
    for style in &STYLES {
        let bridge = bridge_of(style, with_ids(0, 10)).await;
        let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
        assert_eq!(
            (run.progress.pages, run.progress.fetched),
            (1, 0),
            "{:?}",
            style.style
        );
    }
}

/// The error of a run over a source of that style, whose first answer is `body`.
async fn error_with(style: &Style, body: &str) -> String {
    let bridge = bridge_of(style, with_ids(25, 10)).await;
    let answer = Answer::status(200).body("application/json", body.to_owned());
    bridge.sandbox.set_faults([Rule::on(Endpoint::Customers, answer)]);
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await;
    run.unwrap_err().to_string()
}

#[tokio::test]
async fn unusable_envelope_ends_the_run_early() {
    let square = style(SourceStyle::Square, "/customers", "/cursor", "cursor");
    let django = style(SourceStyle::Django, "/results", "/next", "");
    let stripe = Style {
        more: "/has_more",
        ..style(SourceStyle::Stripe, "/data", "last-id", "starting_after")
    };
    for (style, body, expected) in [
        (
            &square,
            r#"{"errors":[{"code":"UNAUTHORIZED"}]}"#,
            "page 1 of the source has no JSON array at /customers (SourceItems). ",
        ),
        (
            &square,
            r#"{"customers":{"id":1}}"#,
            "page 1 of the source has no JSON array at /customers (SourceItems). ",
        ),
        (
            &square,
            "[1]",
            "page 1 of the source is not a JSON object: it stops being one at byte 0. It starts like an array: \
             SourceItems must be empty then. ",
        ),
        (
            &square,
            r#"{"customers":[],"cursor":{"a":1}}"#,
            "the next one cannot be requested: /cursor cannot be read as text or a number (SourceNext). ",
        ),
        (
            &square,
            r#"{"customers":[1 2]}"#,
            "page 1 of the source has no JSON array at /customers (SourceItems): it stops being one at byte 16. ",
        ),
        (
            &django,
            r#"{"results":[1],"next":"abc"}"#,
            "the next one cannot be requested: /next is no URL that can be requested (SourceNext): if it is a \
             cursor, SourceCursorParameter must name the query parameter that takes it. ",
        ),
        (
            &django,
            r#"{"results":[1],"next":"https://elsewhere.example.com/?page=2"}"#,
            "page 1 of the source links to a next page on another origin, https://elsewhere.example.com: ",
        ),
        (
            &stripe,
            r#"{"data":[{"email":"x"}],"has_more":true}"#,
            "the last customer has no valid id to continue after (SourceNext is last-id). ",
        ),
        (
            &stripe,
            r#"{"data":[],"has_more":true}"#,
            "/has_more says that there is one, but the page does not name it (SourceNext). ",
        ),
        (
            &stripe,
            &format!(r#"{{"data":[{}],"has_more":"yes"}}"#, only_id("1")),
            "/has_more is not a boolean (SourceMorePointer). ",
        ),
    ] {
        let error = error_with(style, body).await;
        assert!(error.contains(expected), "{body}: {error}");
    }
}

#[tokio::test]
async fn source_ignoring_its_cursor_fails_the_run() {
    let same = format!(r#"{{"customers":[{}],"cursor":"abc"}}"#, only_id("1"));
    let square = style(SourceStyle::Square, "/customers", "/cursor", "cursor");
    let error = error_with(&square, &same).await;
    assert!(
        error.contains("page 2 of the source links back to a page that was read already"),
        "{error}"
    );
    let numbers = style(SourceStyle::PageNumbers, "", "page", "page");
    let error = error_with(&numbers, &format!("[{}]", only_id("1"))).await;
    assert!(
        error.contains("page 2 of the source is the same as the page before it: the source ignores the page number in page"),
        "{error}"
    );
}

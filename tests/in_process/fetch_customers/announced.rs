//! Pages that say in another way than configured that there is more, or that they are no page: never a completed run.

use super::*;

/// The parameters `SourceItems`, `SourceNext`, `SourceCursorParameter` and `SourceMorePointer`.
type Parameters = [&'static str; 4];

const LINK: Parameters = ["/data", "", "", ""];
const URL: Parameters = ["/data", "/meta/next", "", ""];
const CURSOR: Parameters = ["/data", "/meta/next", "cursor", "/more"];

/// A run whose first page is `body`, with this `Link` header.
async fn run_with(parameters: Parameters, link: &str, body: &str) -> Result<u64, String> {
    let bridge = Bridge::start(source(0, 0), |environment| {
        let [items, next, cursor, more] = parameters;
        environment
            .with("SOURCE_ITEMS", items)
            .with("SOURCE_NEXT", next)
            .with("SOURCE_CURSOR_PARAMETER", cursor)
            .with("SOURCE_MORE_POINTER", more)
    })
    .await;
    let answer = |body: &str| Answer::status(200).body("application/json", body.to_owned());
    let first = answer(body).header("link", link);
    let last = answer(r#"{"data":[],"meta":{},"more":false}"#);
    bridge.sandbox.set_faults([
        Rule::on(Endpoint::Customers, first).calls(1),
        Rule::on(Endpoint::Customers, last),
    ]);
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await;
    run.map(|run| run.progress.pages)
        .map_err(|error| error.to_string())
}

async fn assert_error(parameters: Parameters, link: &str, body: &str, expected: &str) {
    let error = run_with(parameters, link, body).await.unwrap_err();
    assert!(error.contains(expected), "{body}: {error}");
}

#[tokio::test]
async fn member_of_no_object_ends_the_run_with_the_page() {
    for meta in [r#"[{"next": "/customers?page=2"}]"#, r#""next""#, "true", "1"] {
        let body = format!(r#"{{"data":[1],"meta":{meta}}}"#);
        let expected = "page 1 of the source is not the last one, but the next one cannot be requested: /meta/next \
                        cannot be read as text or a number (SourceNext). ";
        assert_error(URL, "", &body, expected).await;
    }
    for meta in ["null", "false", r#""""#, "[]", "{}"] {
        let body = format!(r#"{{"data":[1],"meta":{meta}}}"#);
        assert_eq!(run_with(URL, "", &body).await, Ok(1), "{body}");
    }
}

#[tokio::test]
async fn cursor_of_another_type_is_never_the_end() {
    let unreadable = "/meta/next cannot be read as text or a number (SourceNext). ";
    let no_boolean = "/more is not a boolean (SourceMorePointer). ";
    for (meta, more, expected) in [
        (r#"{"next":7}"#, "null", Ok(2)),
        (r#"{"next":0}"#, "null", Ok(2)),
        (r#"{"next":"0"}"#, "null", Ok(2)),
        (r#"{"next":1e2}"#, "true", Ok(2)),
        (r#"{"next":"a"},"meta":{"next":null}"#, "null", Ok(2)),
        (r#"{"next":null},"meta":{"next":"a"}"#, "null", Ok(2)),
        (r#"{"next":""}"#, "null", Ok(1)),
        (r#"{"next":false}"#, "null", Ok(1)),
        (r#"{"next":"a"}"#, "false", Ok(1)),
        (r#"{"next":true}"#, "null", Err(unreadable)),
        (
            r#"{"next":{"href":"/customers?page=2"}}"#,
            "null",
            Err(unreadable),
        ),
        (r#"{"next":["a"]}"#, "null", Err(unreadable)),
        (r#"{"next":"\ud800"}"#, "null", Err(unreadable)),
        (r#"{"next":"a"}"#, r#""false""#, Err(no_boolean)),
        (r#"{"next":"a"}"#, "0", Err(no_boolean)),
        (r#"{"next":"a"}"#, "{}", Err(no_boolean)),
        (r#"{"next":""}"#, "true", Err("/more says that there is one")),
    ] {
        let body = format!("\u{feff}{{\"data\":[1],\"meta\":{meta},\"more\":{more}}}");
        match (run_with(CURSOR, "", &body).await, expected) {
            (Ok(pages), Ok(expected)) => assert_eq!(pages, expected, "{body}"),
            (Err(error), Err(expected)) => assert!(error.contains(expected), "{body}: {error}"),
            (run, _) => panic!("{body}: {run:?}"),
        }
    }
}

#[tokio::test]
async fn only_page_with_more_in_its_members_fails_run() {
    for (member, name) in [
        (r#""has_more":true"#, "/has_more"),
        (r#""next":"/customers?page=2""#, "/next"),
        (r#""next_page":2"#, "/next_page"),
        (r#""@odata.nextLink":"x""#, "/@odata.nextLink"),
        (r#""paging":{"next":{"after":"x"}}"#, "/paging/next"),
        (r#""_links":{"next":{"href":"x"}}"#, "/_links/next"),
    ] {
        let expected = format!(
            "page 1 of the source names no next page, but its member {name} says that there is more than the 1 \
             customers on it: this source pages in another way, which the parameter SourceNext must name. "
        );
        assert_error(LINK, "", &format!(r#"{{"data":[1],{member}}}"#), &expected).await;
    }
    for member in [
        r#""has_more":false"#,
        r#""next":null"#,
        r#""next":"""#,
        r#""paging":{}"#,
        r#""links":[]"#,
        r#""_links":{"self":"x"}"#,
    ] {
        let body = format!(r#"{{"data":[1],{member}}}"#);
        assert_eq!(run_with(LINK, "", &body).await, Ok(1), "{body}");
    }
}

#[tokio::test]
async fn only_page_with_a_link_fails_run_that_follows_a_member() {
    let link = "</customers?page=2>; rel=\"next\"";
    let body = r#"{"data":[1],"meta":{}}"#;
    let expected = "page 1 of the source names no next page, but its header link says that there is more than the 1 \
                    customers on it";
    assert_error(URL, link, body, expected).await;
    assert_error(URL, "<https://a>; rel=\"next", body, expected).await;
    assert_eq!(run_with(URL, "</>; rel=\"first\"", body).await, Ok(1));
}

#[tokio::test]
async fn error_with_200_is_no_empty_page() {
    for body in [
        r#"{"data":null,"errors":[{"message":"unauthorized"}]}"#,
        r#"{"data":[],"error":{"code":"cursor_expired"}}"#,
        r#"{"error":"x","data":[]}"#,
        r#"{"errors":true,"data":[]}"#,
    ] {
        let expected = "page 1 of the source has no customers, but an error in its member /error";
        assert_error(URL, "", body, expected).await;
    }
    for body in [
        r#"{"data":null,"errors":[]}"#,
        r#"{"data":[],"error":null}"#,
        r#"{"data":[],"errors":{}}"#,
        r#"{"data":[1],"errors":["a warning"]}"#,
    ] {
        assert_eq!(run_with(URL, "", body).await, Ok(1), "{body}");
    }
}

#[tokio::test]
async fn word_in_place_of_the_list_is_no_empty_list() {
    for word in ["nothing", "nul", "nullify", "NaN", "false", "0"] {
        let expected = "page 1 of the source has no JSON array at /data (SourceItems). ";
        assert_error(URL, "", &format!(r#"{{"data":{word}}}"#), expected).await;
    }
    assert_eq!(run_with(URL, "", r#"{"data": null }"#).await, Ok(1));
}

#[tokio::test(start_paused = true)]
async fn first_page_that_is_no_list_fails_run() {
    for (body, expected) in [
        (
            "",
            "page 1 of the source was cut short: its JSON continues after its last byte, 0. ",
        ),
        ("<html></html>", "It starts like HTML or XML"),
        (
            r#"[1] trailing"#,
            "is not a JSON array: it stops being one at byte 4. ",
        ),
        ("[1][2]", "is not a JSON array: it stops being one at byte 3. "),
        ("[1]\0", "is not a JSON array: it stops being one at byte 3. "),
        (
            r#"{"error":"x"}"#,
            "It starts like an object: SourceItems names the list in an object",
        ),
        ("null", "is not a JSON array: it stops being one at byte 0. "),
        (
            "\u{feff}\u{feff}[1]",
            "is not a JSON array: it stops being one at byte 3. ",
        ),
    ] {
        let bridge = bridge(source(25, 10)).await;
        let answer = Answer::status(200).body("application/json", body);
        bridge.sandbox.set_faults([Rule::on(Endpoint::Customers, answer)]);
        let error = bridge
            .run(json!({"order_date": ORDER_DATE}))
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains(expected), "{body:?}: {error}");
    }
}

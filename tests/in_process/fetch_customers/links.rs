//! `Link` headers as servers write them: followed, or an error that names the page; never "no next page".

use sandbox::{Action, RawAnswer, case, links};

use super::*;

async fn run_with_link(link: &str) -> Result<fetch_customers::run::Summary, String> {
    let bridge = bridge(Settings {
        link: link.to_owned(),
        ..source(25, 10)
    })
    .await;
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await;
    run.map_err(|error| error.to_string())
}

#[tokio::test]
async fn clear_link_is_followed() {
    for link in [
        links::STANDARD,
        links::SINGLE_QUOTES,
        links::UTF8_IN_ANOTHER,
        "<{target}>; rel=next",
        "<{target}>; rel=\"last NEXT\"; title=\"a, \\\"b\\\"; rel=prev\"",
        "<{target}>; rel=\"next\"; anchor=\"#customers\"",
        "<{target}&name=\u{e9}>; rel=\"next\"",
        "<{target}#top>; rel=\"next\"",
    ] {
        let run = run_with_link(link).await.unwrap();
        assert_eq!((run.progress.pages, run.progress.enqueued), (3, 25), "{link}");
    }
}

#[tokio::test]
async fn unreadable_link_ends_the_run_with_the_page() {
    const UNREADABLE: &str = "its Link header announces one, but cannot be read";
    const NO_URL: &str = "its Link header announces one, but not with a URL that can be requested";
    for (link, why) in [
        (links::BAD_PORT, NO_URL),
        (links::WITHOUT_BRACKETS, UNREADABLE),
        (links::HTML_ESCAPED, UNREADABLE),
        (links::WITHOUT_END, UNREADABLE),
        (links::WITHOUT_SEMICOLON, UNREADABLE),
        ("<{target}>; rel=\"next\"; anchor=\"/elsewhere\"", UNREADABLE),
        ("<{target}>; rel=\u{201c}next\u{201d}", UNREADABLE),
    ] {
        let error = run_with_link(link).await.unwrap_err();
        let expected = format!(
            "with 10 customers enqueued: page 1 of the source is not the last one, but the next one cannot be \
             requested: {why}. "
        );
        assert!(error.contains(&expected), "{link}: {error}");
    }
}

/// The `Link` header, byte for byte.
async fn run_with_header(lines: &[&[u8]]) -> Result<u64, String> {
    let bridge = bridge(source(25, 10)).await;
    let head: &[&[u8]] = &[b"HTTP/1.1 200 OK"];
    let answer = RawAnswer::with_length(head.iter().chain(lines), format!("[{}]", only_id("1")).as_bytes());
    bridge
        .sandbox
        .set_faults([Rule::on(Endpoint::Customers, answer).calls(1)]);
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await;
    run.map(|run| run.progress.pages)
        .map_err(|error| error.to_string())
}

#[tokio::test]
async fn invalid_utf8_in_link_target_is_an_error() {
    let in_the_title: &[u8] = b"Link: </customers?page=3>; rel=\"next\"; title=\"N\xe4chste\"";
    assert_eq!(run_with_header(&[in_the_title]).await, Ok(2));
    let in_another: &[u8] = b"Link: </\xe4>; rel=\"canonical\", </customers?page=3>; rel=\"next\"";
    assert_eq!(run_with_header(&[in_another]).await, Ok(2));
    let in_the_target: &[u8] = b"Link: </customers?page=3&x=\xe4>; rel=\"next\"";
    let error = run_with_header(&[in_the_target]).await.unwrap_err();
    assert!(
        error.contains("page 1 of the source is not the last one"),
        "{error}"
    );
}

#[tokio::test]
async fn link_in_several_or_folded_lines_is_followed() {
    let first: &[u8] = b"Link: </customers?page=1>; rel=\"first\"";
    let next: &[u8] = b"Link: </customers?page=3>; rel=\"next\"";
    assert_eq!(run_with_header(&[first, next]).await, Ok(2));
    let folded: &[u8] = b"Link: </customers?page=1>; rel=\"first\",\r\n </customers?page=3>; rel=\"next\"";
    assert_eq!(run_with_header(&[folded]).await, Ok(2));
    let spaced: &[u8] = b"Link : </customers?page=3>; rel=\"next\"";
    assert_eq!(run_with_header(&[spaced]).await, Ok(2));
}

#[tokio::test]
async fn real_world_link_cases_are_not_last_page() {
    let origin = |bridge: &Bridge| bridge.sandbox.customers_url().replace("/customers", "");
    for (name, expected) in [
        (
            "link-bad-port.http",
            Err("page 1 of the source is not the last one"),
        ),
        ("link-utf8-in-another-link.http", Ok(2)),
    ] {
        let bridge = bridge(source(20, 10)).await;
        let case = case(name).unwrap();
        let origin = origin(&bridge);
        let parts = case.split(|byte| *byte == b'h').collect::<Vec<_>>().join(&b'h');
        // The case's host is the sandbox's.
        let mut answer = Vec::new();
        let mut rest = parts.as_slice();
        let host = b"https://api.example.com";
        while let Some(at) = rest.windows(host.len()).position(|part| part == host) {
            answer.extend_from_slice(&rest[..at]);
            answer.extend_from_slice(origin.as_bytes());
            rest = &rest[at + host.len()..];
        }
        answer.extend_from_slice(rest);
        bridge
            .sandbox
            .set_faults([Rule::on(Endpoint::Customers, Action::raw(answer)).calls(1)]);
        let run = bridge.run(json!({"order_date": ORDER_DATE})).await;
        match expected {
            Ok(pages) => assert_eq!(run.unwrap().progress.pages, pages, "{name}"),
            Err(expected) => {
                let error = run.unwrap_err().to_string();
                assert!(error.contains(expected), "{name}: {error}");
            }
        }
    }
}

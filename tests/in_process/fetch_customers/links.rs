//! `Link` headers as servers write them: followed, or an error that names the page; never "no next page".

use sandbox::{Action, Numbers, RawAnswer, Then, case, links};

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

/// The header lines of the first page, byte for byte.
async fn run_with_header(lines: &[&[u8]]) -> Result<u64, String> {
    run_with_headers(lines, 1).await
}

/// The header lines of the answers to these requests.
async fn run_with_headers(lines: &[&[u8]], requests: impl Into<Numbers>) -> Result<u64, String> {
    let bridge = bridge(source(25, 10)).await;
    let head: &[&[u8]] = &[b"HTTP/1.1 200 OK"];
    let answer = RawAnswer::with_length(head.iter().chain(lines), format!("[{}]", only_id("1")).as_bytes());
    bridge
        .sandbox
        .set_faults([Rule::on(Endpoint::Customers, answer).calls(requests)]);
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

const PAGE_1: &str = "page 1 of the source is not the last one";

#[tokio::test]
async fn link_with_control_characters_is_never_lost() {
    let first: &[u8] = b"Link: </customers?page=1>; rel=\"first\"";
    let next: &[u8] = b"Link: </customers?page=3>; rel=\"next\"";
    for (lines, expected) in [
        (
            &[&b"Link: </customers?page=3>; rel=\"next\"; title=\"\x01\x7f\0\t\r\""[..]][..],
            Ok(2),
        ),
        (
            &[b"Link: </\x01>; rel=\"first\", </customers?page=3>; rel=\"next\""],
            Ok(2),
        ),
        (&[b"Link: </\x01>; rel=\"first\"", next], Ok(2)),
        (&[b"X-Odd: \x01", next], Ok(2)),
        (&[b"X-Odd: \x01"], Ok(1)),
        (&[b"Link: </customers?page=\x013>; rel=\"next\""], Err(PAGE_1)),
        (
            &[first, b"Link: </customers?page=3\x7f>; rel=\"next\""],
            Err(PAGE_1),
        ),
        (&[b"Link: </customers?page=3\0>; rel=\"next\""], Err(PAGE_1)),
        (&[b"Link: </customers?page=3>; rel=\"ne\x01xt\""], Err(PAGE_1)),
        (&[b"Link: </customers?page=3>; re\x01l=\"next\""], Err(PAGE_1)),
        (&[b"Li\x01nk: </customers?page=3>; rel=\"next\""], Err(PAGE_1)),
        (&[b"Link </customers?page=3>; rel=\"next\""], Err(PAGE_1)),
        (
            &[b"\xef\xbb\xbfLink: </customers?page=3>; rel=\"next\""],
            Err(PAGE_1),
        ),
        // Folded, but for the blank; and with a control character before the fold.
        (
            &[
                b"Link: </customers?page=1>; rel=\"first\",",
                b"</customers?page=3>; rel=\"next\"",
            ],
            Ok(2),
        ),
        (
            &[
                b"Link: </\x01>; rel=\"first\",",
                b" </customers?page=3>; rel=\"next\"",
            ],
            Ok(2),
        ),
        (&[b" Link: </customers?page=3>; rel=\"next\""], Ok(2)),
    ] {
        // The second request is for the same page: its header lines are repaired.
        let run = run_with_headers(lines, 1..=2).await;
        let shown: Vec<_> = lines.iter().map(|line| line.escape_ascii().to_string()).collect();
        match (run, expected) {
            (Ok(pages), Ok(expected)) => assert_eq!(pages, expected, "{shown:?}"),
            (Err(error), Err(expected)) => assert!(error.contains(expected), "{shown:?}: {error}"),
            (run, _) => panic!("{shown:?}: {run:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn head_too_long_ends_the_run_with_the_page() {
    let next = "Link: </customers?page=3>; rel=\"next\"".to_owned();
    let long_line = format!("{next}; title=\"{}\"", "x".repeat(1_000_000));
    let many_lines: Vec<String> = (0..100)
        .map(|number| format!("X-{number}: 1"))
        .chain([next])
        .collect();
    for lines in [&[long_line][..], &many_lines] {
        let lines: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
        let error = run_with_headers(&lines, 1..).await.unwrap_err();
        assert!(
            error.contains(
                "page 1 of the source could not be read from byte 0 on: the head of its answer is too long: more than \
                 100 header lines, or more than 400 KiB. "
            ),
            "{error}"
        );
    }
}

#[tokio::test]
async fn repaired_answer_is_read_like_any_other() {
    let odd: &[u8] = b"X-Odd: \x01";
    let chunks = b"8\r\n[{\"custo\r\n11\r\nmer_id\": \"1\"}, 2]\r\n0\r\n\r\n";
    let chunked: &[&[u8]] = &[b"HTTP/1.1 200 OK", odd, b"Transfer-Encoding: chunked"];
    let to_the_end: &[&[u8]] = &[b"HTTP/1.0 200 OK", odd];
    let after_hints: &[&[u8]] = &[b"HTTP/1.1 103 Early Hints", odd, b"", b"HTTP/1.1 200 OK", odd];
    let body: &[u8] = b"[{\"customer_id\": \"1\"}, 2]";
    for answer in [
        RawAnswer::without_length(chunked, chunks),
        RawAnswer::without_length(to_the_end, body).then(Then::Close),
        RawAnswer::with_length(after_hints, body),
    ] {
        let bridge = bridge(source(1, 0)).await;
        bridge.sandbox.set_faults([Rule::on(Endpoint::Customers, answer)]);
        let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
        assert_eq!((run.progress.pages, run.progress.enqueued), (1, 2));
    }
}

#[tokio::test(start_paused = true)]
async fn repaired_answer_that_breaks_off_is_reread() {
    let bridge = bridge(source(25, 10)).await;
    let head: &[&[u8]] = &[b"HTTP/1.1 200 OK", b"X-Odd: \x01", b"Content-Length: 1000"];
    let answer = RawAnswer::without_length(head, b"[{\"customer_id\"").then(Then::Reset);
    bridge
        .sandbox
        .set_faults([Rule::on(Endpoint::Customers, answer).calls(1..=2)]);
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!(run.progress.pages, 3);
    // Once refused, once repaired, once read again as it is now.
    assert_eq!(bridge.sandbox.counters().source_requests, 2 + 3);
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

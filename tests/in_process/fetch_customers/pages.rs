//! Pages without customers, and pages that are not the only one.

use sandbox::{Action, Alteration, EmptyPages, RawAnswer, case};

use super::*;

fn at_call(call: u64, action: impl Into<Action>) -> [Rule; 1] {
    [Rule::on(Endpoint::Customers, action).calls(call)]
}

#[tokio::test]
async fn answer_204_is_an_empty_page() {
    for (call, pages, enqueued) in [(1, 1, 0), (2, 2, 10)] {
        let bridge = bridge(source(25, 10)).await;
        let no_content = Action::raw(case("source-204.http").unwrap());
        bridge.sandbox.set_faults(at_call(call, no_content));
        let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
        assert_eq!((run.progress.pages, run.progress.enqueued), (pages, enqueued));
    }
}

#[tokio::test]
async fn empty_body_of_further_page_is_empty_page() {
    for body in ["", " \r\n", "\u{feff}"] {
        let bridge = bridge(source(25, 10)).await;
        let empty = Answer::status(200).body("application/json", body);
        bridge.sandbox.set_faults(at_call(2, empty));
        let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
        assert_eq!((run.progress.pages, run.progress.enqueued), (2, 10), "{body:?}");
    }
}

#[tokio::test]
async fn empty_page_may_lead_to_the_next_one() {
    let bridge = bridge(Settings {
        empty_pages: EmptyPages { after: 1, count: 100 },
        ..source(25, 10)
    })
    .await;
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!((run.progress.pages, run.progress.enqueued), (103, 25));
}

#[tokio::test]
async fn endless_empty_pages_end_the_run_early() {
    let bridge = bridge(Settings {
        empty_pages: EmptyPages::endless(1),
        ..source(25, 10)
    })
    .await;
    let error = bridge
        .run(json!({"order_date": ORDER_DATE}))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(
            "with 10 customers enqueued: more than 100 pages of the source in a row have no customer, up to page 102, \
             and there is always a next one"
        ),
        "{error}"
    );
    assert_eq!(bridge.sandbox.counters().source_requests, 102);
}

#[tokio::test]
async fn content_type_does_not_matter() {
    let bridge = bridge(source(25, 10)).await;
    let html = Action::raw(case("source-json-as-text-html.http").unwrap());
    bridge.sandbox.set_faults(at_call(1, html));
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!(run.progress.enqueued, 1);
    for content_type in [
        "text/html",
        "text/plain",
        "application/octet-stream",
        "application/hal+json",
        "",
    ] {
        let body = format!("\u{feff}[{}]", only_id("1"));
        let answer = Answer::status(200).body(content_type, body);
        bridge.sandbox.set_faults([Rule::on(Endpoint::Customers, answer)]);
        let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
        assert_eq!(run.progress.enqueued, 1, "{content_type}");
    }
}

#[tokio::test]
async fn only_page_with_more_header_fails_run() {
    for (name, value) in [
        ("x-total-count", "26"),
        ("x-wp-total", "26"),
        ("x-total-pages", "2"),
        ("x-wp-totalpages", "2"),
        ("x-next-page", "2"),
    ] {
        let bridge = bridge(source(25, 0)).await;
        let header = Alteration::default().header(name, value);
        bridge.sandbox.set_faults([Rule::on(Endpoint::Customers, header)]);
        let error = bridge
            .run(json!({"order_date": ORDER_DATE}))
            .await
            .unwrap_err()
            .to_string();
        let expected = format!(
            "with 25 customers enqueued: page 1 of the source names no next page, but its header {name} says that \
             there is more than the 25 customers on it: this source pages in another way, which the parameter \
             SourceNext must name. "
        );
        assert!(error.contains(&expected), "{error}");
    }
}

#[tokio::test]
async fn headers_without_more_end_no_run() {
    for (name, value, page_size) in [
        ("x-total-count", "25", 0),
        ("x-total-pages", "1", 0),
        ("x-next-page", "", 0),
        ("x-total-count", "1000", 10),
    ] {
        let bridge = bridge(source(25, page_size)).await;
        let header = Alteration::default().header(name, value);
        bridge.sandbox.set_faults([Rule::on(Endpoint::Customers, header)]);
        let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
        assert_eq!(run.progress.enqueued, 25, "{name}");
    }
    // A run that starts with the last page has not read all.
    let bridge = bridge(source(25, 10)).await;
    let header = Alteration::default().header("x-total-count", "25");
    bridge.sandbox.set_faults([Rule::on(Endpoint::Customers, header)]);
    let page_url = format!("{}?page=3", bridge.sandbox.customers_url());
    let input = json!({"order_date": ORDER_DATE, "page_url": page_url});
    assert_eq!(bridge.run(input).await.unwrap().progress.enqueued, 5);
}

#[tokio::test]
async fn limit_on_the_only_page_ends_no_run() {
    let bridge = bridge(source(25, 0)).await;
    let header = Alteration::default().header("x-total-count", "1000");
    bridge.sandbox.set_faults([Rule::on(Endpoint::Customers, header)]);
    let input = json!({"order_date": ORDER_DATE, "limit": 25});
    assert_eq!(bridge.run(input).await.unwrap().progress.enqueued, 25);
}

#[tokio::test]
async fn unbounded_window_or_unknown_coding_fails_run() {
    let list = format!("[{}]", only_id(1));
    // A frame of zstd with one raw block: its window is 2^(10 + exponent) bytes.
    let zstd = |exponent: u8| {
        let body = list.as_bytes();
        let header = [0x28, 0xb5, 0x2f, 0xfd, 0, exponent << 3];
        let block = u32::try_from(body.len()).unwrap() << 3 | 1;
        [&header[..], &block.to_le_bytes()[..3], body].concat()
    };
    for (coding, body, is_read) in [
        ("zstd", zstd(13), true),
        ("zstd", zstd(17), false),
        // Brotli with a window of 2^30 bytes.
        ("br", vec![0x11, 0x1e, 0, 0, 0], false),
        ("deflate", vec![0x78, 0x9c], false),
        ("gzip, gzip", vec![0x1f, 0x8b], false),
        ("identity", list.clone().into_bytes(), true),
    ] {
        let bridge = bridge(source(1, 0)).await;
        let answer = Answer::status(200).body("application/json", body);
        let answer = answer.header("content-encoding", coding);
        bridge.sandbox.set_faults([Rule::on(Endpoint::Customers, answer)]);
        let run = bridge
            .run_within(Duration::from_millis(400), json!({"order_date": ORDER_DATE}))
            .await;
        match run {
            Ok(run) => assert_eq!((run.progress.enqueued, is_read), (1, true), "{coding}"),
            Err(error) => {
                let error = error.to_string();
                let refused = error.contains("is compressed in a way that was not asked for")
                    || error.contains("its compression is broken");
                assert!(refused && !is_read, "{coding}: {error}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn key_refused_with_retry_after_is_a_rate_limit() {
    let answers = [
        RawAnswer::new(case("source-403-retry-after.http").unwrap()).into(),
        Action::from(Answer::status(401).retry_after(60)),
    ];
    for answer in answers {
        let bridge = bridge(source(25, 10)).await;
        bridge.sandbox.set_faults(at_call(2, answer));
        let began = Instant::now();
        let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
        assert_eq!((run.progress.pages, run.progress.enqueued), (3, 25));
        assert_eq!(began.elapsed().as_secs(), 60);
    }
}

#[tokio::test(start_paused = true)]
async fn retry_after_of_more_than_a_day_is_ignored() {
    let bridge = bridge(source(25, 10)).await;
    bridge
        .sandbox
        .set_faults(at_call(1, Answer::status(503).retry_after(86_401)));
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!(run.progress.enqueued, 25);
}

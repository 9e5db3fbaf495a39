//! A source that answers late, or too late.

use sandbox::Action;

use super::*;

/// An answer to the first request only; all others are answered as they should be.
fn at_first(action: impl Into<Action>) -> [Rule; 1] {
    [Rule::on(Endpoint::Customers, action).calls(1)]
}

#[tokio::test(start_paused = true)]
async fn failed_request_for_a_page_is_retried() {
    let broken = |bytes: &'static str| Action::Truncate {
        reset: false,
        instead: Some(Answer::status(200).body("application/json", bytes)),
    };
    for action in [
        Answer::status(408).into(),
        Answer::status(425).into(),
        Answer::status(429).into(),
        Answer::status(500).into(),
        Answer::status(599).into(),
        Action::Reset,
        Action::Close,
        Action::Hang,
        broken(""),
        broken("[{}"),
    ] {
        let bridge = bridge(source(25, 10)).await;
        bridge.sandbox.set_faults(at_first(action.clone()));
        let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
        assert_eq!(
            (run.progress.pages, run.progress.fetched, run.progress.enqueued),
            (3, 25, 25),
            "{action:?}"
        );
        assert_eq!(bridge.sandbox.counters().source_requests, 4, "{action:?}");
        assert_eq!(bodies(&bridge).len(), 25);
    }
}

#[tokio::test(start_paused = true)]
async fn failed_request_for_a_later_page_is_retried() {
    let bridge = bridge(source(25, 10)).await;
    bridge
        .sandbox
        .set_faults([Rule::on(Endpoint::Customers, Answer::status(503)).calls(2..=6)]);
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!(
        (run.progress.pages, run.progress.fetched, run.progress.enqueued),
        (3, 25, 25)
    );
    assert_eq!(bridge.sandbox.counters().source_requests, 8);
}

#[tokio::test(start_paused = true)]
async fn retry_after_is_followed_within_the_deadline() {
    let bridge = bridge(source(1, 0)).await;
    let overloaded = |seconds: u64| Answer::status(429).retry_after(seconds);
    bridge.sandbox.set_faults(at_first(overloaded(100)));
    let began = Instant::now();
    bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 100);

    bridge
        .sandbox
        .set_faults([Rule::on(Endpoint::Customers, overloaded(100))]);
    let began = Instant::now();
    let error = bridge
        .run_within(Duration::from_secs(60), json!({"order_date": ORDER_DATE}))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("the source answered 429 Too Many Requests"),
        "{error}"
    );
    assert_eq!(began.elapsed().as_secs(), 0);
}

#[tokio::test(start_paused = true)]
async fn unavailable_source_is_retried_until_the_deadline() {
    let bridge = bridge(source(1, 0)).await;
    bridge
        .sandbox
        .set_faults([Rule::on(Endpoint::Customers, Answer::status(503))]);
    let began = Instant::now();
    bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap_err();
    // Less than the whole time by one longest wait and the reserve.
    assert!((850..=880).contains(&began.elapsed().as_secs()));
    // Five waits up to 16 s, then some 30 of 15 to 30 s each.
    let requests = bridge.sandbox.counters().source_requests;
    assert!((33..=66).contains(&requests), "{requests}");
}

#[tokio::test(start_paused = true)]
async fn slow_source_ends_the_run_before_the_deadline() {
    let bridge = bridge(source(25, 0)).await;
    let slow = Action::Slow {
        delay_ms: 50,
        instead: None,
    };
    bridge.sandbox.set_faults([Rule::on(Endpoint::Customers, slow)]);
    let began = Instant::now();
    let time = Duration::from_secs(60);
    let error = bridge
        .run_within(time, json!({"order_date": ORDER_DATE}))
        .await
        .unwrap_err()
        .to_string();
    assert!(began.elapsed() < time);
    assert!(
        error.contains("page 1 of the source could not be read within the function's time: "),
        "{error}"
    );
    // What came in time is on the queue.
    let enqueued = bodies(&bridge).len();
    assert!((2..10).contains(&enqueued), "{enqueued}");
    assert!(
        error.contains(&format!("with {enqueued} customers enqueued")),
        "{error}"
    );
}

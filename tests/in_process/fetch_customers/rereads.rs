//! A page that breaks off in the middle is read again.

use sandbox::Action;

use super::*;

fn broken(body: impl Into<bytes::Bytes>, reset: bool) -> Action {
    Action::Truncate {
        reset,
        instead: Some(Answer::status(200).body("application/json", body)),
    }
}

/// The genuine page, half of it.
const HALF: Action = Action::Truncate {
    reset: true,
    instead: None,
};

#[tokio::test(start_paused = true)]
async fn broken_page_is_reread_and_counted_once() {
    for reset in [true, false] {
        let bridge = bridge(source(60, 30)).await;
        let half = Action::Truncate { reset, instead: None };
        bridge
            .sandbox
            .set_faults([Rule::on(Endpoint::Customers, half).calls(2..=4)]);
        let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
        assert_eq!(
            (
                run.progress.pages,
                run.progress.fetched,
                run.progress.enqueued,
                run.progress.repeated
            ),
            (2, 60, 60, 0)
        );
        assert_eq!(bodies(&bridge).iter().collect::<HashSet<_>>().len(), 60);
        assert_eq!(bodies(&bridge).len(), 60);
        assert_eq!(bridge.sandbox.counters().source_requests, 5);
    }
}

#[tokio::test(start_paused = true)]
async fn page_always_broken_is_read_four_times() {
    let bridge = bridge(source(60, 30)).await;
    bridge
        .sandbox
        .set_faults([Rule::on(Endpoint::Customers, HALF).calls(2..)]);
    let error = bridge
        .run(json!({"order_date": ORDER_DATE}))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("page 2 of the source could not be read from byte "),
        "{error}"
    );
    assert!(error.contains("the connection broke"), "{error}");
    assert_eq!(bridge.sandbox.counters().source_requests, 1 + 4);
    // What came of it is enqueued once.
    let bodies = bodies(&bridge);
    assert!(bodies.len() > 30);
    assert_eq!(bodies.iter().collect::<HashSet<_>>().len(), bodies.len());
}

#[tokio::test(start_paused = true)]
async fn json_that_is_cut_short_is_read_again() {
    let bridge = bridge(source(60, 30)).await;
    let part = customers::generate(10, 7);
    let part: Vec<_> = part.into_iter().map(|customer| customer.json).collect();
    let answer = Answer::status(200).body("application/json", format!("[{},", part.join(",")));
    bridge
        .sandbox
        .set_faults([Rule::on(Endpoint::Customers, answer).calls(1)]);
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!((run.progress.fetched, run.progress.enqueued), (60, 60));
    assert_eq!(bodies(&bridge).len(), 60);
}

#[tokio::test(start_paused = true)]
async fn page_that_changed_in_between_loses_no_customer() {
    // So much that half of it has all of the customers.
    let padded = |ids: &[u32]| {
        let ids: Vec<String> = ids.iter().map(|id| only_id(*id).to_string()).collect();
        let body = format!("[{}", ids.join(","));
        let blanks = " ".repeat(body.len());
        format!("{body},{blanks}")
    };
    let whole = |ids: &[u32]| {
        let ids: Vec<String> = ids.iter().map(|id| only_id(*id).to_string()).collect();
        Answer::status(200).body("application/json", format!("[{}]", ids.join(",")))
    };
    for (again, fetched) in [
        // Another one in front; one gone; all but the first gone; the same.
        (&[9, 1, 2, 3, 4][..], 3 + 5),
        (&[2, 3, 4], 3 + 3),
        (&[1], 3 + 1),
        (&[], 3),
        (&[1, 2, 3, 4], 4),
        (&[1, 2, 3], 3),
    ] {
        let bridge = bridge(source(1, 0)).await;
        bridge.sandbox.set_faults([
            Rule::on(Endpoint::Customers, broken(padded(&[1, 2, 3]), true)).calls(1),
            Rule::on(Endpoint::Customers, whole(again)).calls(2..),
        ]);
        let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
        assert_eq!(
            (run.progress.fetched, run.progress.enqueued),
            (fetched, fetched),
            "{again:?}"
        );
        let bodies = bodies(&bridge);
        for id in again {
            let wanted = only_id(*id).to_string();
            assert!(
                bodies.iter().any(|body| body.contains(&wanted)),
                "{id} of {again:?}"
            );
        }
    }
}

/// The runs out of twelve that complete over 200 pages of which 1 % break off.
#[tokio::test(start_paused = true)]
async fn run_completes_with_one_percent_broken_pages() {
    const RUNS: u64 = 12;
    let mut rereads = 0;
    for seed in 0..RUNS {
        let bridge = bridge(source(1_000, 5)).await;
        bridge
            .sandbox
            .set_faults([Rule::on(Endpoint::Customers, HALF).chance(1, seed)]);
        let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
        assert_eq!(
            (run.progress.pages, run.progress.fetched, run.progress.enqueued),
            (200, 1_000, 1_000)
        );
        assert_eq!(bodies(&bridge).iter().collect::<HashSet<_>>().len(), 1_000);
        rereads += bridge.sandbox.counters().source_requests - 200;
    }
    assert!(rereads > 0);
}

//! A customer that no message can hold.

use integration_tests::bridge::{DEAD_LETTER_QUEUE_URL, redrive_orders};

use super::*;

/// The largest body: 16 KiB of a message are free for a dead letter's attributes.
const MAX_BODY: usize = 1_048_576 - 16_384;

/// What stands before a customer in a body.
fn before() -> String {
    format!(r#"{{"order_date":"{ORDER_DATE}","customer":"#)
}

/// How long a note may be.
fn longest_note() -> usize {
    MAX_BODY - before().len() - with_note("1", "").len() - "}".len()
}

fn with_note(id: &str, note: &str) -> String {
    only_id(id).with("/note", note).to_string()
}

async fn bridge_with(customers: impl IntoIterator<Item = String>) -> Bridge {
    bridge(Settings {
        customers: Customers::Given(customers.into_iter().collect()),
        ..Settings::default()
    })
    .await
}

#[tokio::test]
async fn customer_too_large_becomes_a_dead_letter() {
    let note = |bytes| "x".repeat(bytes);
    let longest = longest_note();
    let customers = [
        with_note("1", &note(longest)),
        with_note("2", &note(longest + 1)),
        with_note("3", ""),
        with_note("4", &note(3 * longest)),
        with_note("5", &note(longest)),
    ];
    let bridge = bridge_with(customers.clone()).await;
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!(
        (run.progress.fetched, run.progress.enqueued, run.progress.rejected),
        (5, 3, 2)
    );
    let lengths: Vec<usize> = bodies(&bridge).iter().map(String::len).collect();
    assert_eq!(lengths, [MAX_BODY, MAX_BODY - longest, MAX_BODY]);
    let letters = bridge.dead_letters();
    assert_eq!(letters.len(), 2);
    let starts = |index: usize| {
        1 + customers[..index]
            .iter()
            .map(|customer| customer.len() + 1)
            .sum::<usize>()
    };
    for (letter, index) in letters.iter().zip([1, 3]) {
        let customer = &customers[index];
        assert_eq!(letter.body, (before() + customer)[..MAX_BODY]);
        assert_eq!(letter.attributes.len(), 2);
        assert_eq!(letter.attributes["reason"], "malformed_message");
        assert_eq!(
            letter.attributes["detail"],
            format!(
                "the customer is too large for a message, with {} bytes: page 1 of the source, index {index}, byte {}",
                customer.len(),
                starts(index)
            )
        );
    }
}

#[tokio::test]
async fn text_too_large_is_cut_between_characters() {
    for note in ["x", "xx", "xxx", "\u{fffe}", "\u{fffe}x", "\u{fffe}xx"] {
        for length in [MAX_BODY / 3 - 100, MAX_BODY] {
            let customer = with_note("1", &(note.to_owned() + &"李".repeat(length)));
            let bridge = bridge_with([customer.clone()]).await;
            let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
            let [enqueued, rejected] = [run.progress.enqueued, run.progress.rejected];
            if length < MAX_BODY {
                assert_eq!([enqueued, rejected], [1, 0]);
                continue;
            }
            assert_eq!([enqueued, rejected], [0, 1]);
            let body = bridge.dead_letters().remove(0).body;
            let expected = before() + &customer.replace('\u{fffe}', r"\xEF\xBF\xBE");
            assert_eq!(body, expected[..expected.floor_char_boundary(MAX_BODY)]);
        }
    }
}

#[tokio::test]
async fn customer_too_large_by_escapes_becomes_a_dead_letter() {
    let note = "\u{fffe}".repeat(longest_note() / 3);
    let bridge = bridge_with([with_note("1", &note), with_note("2", "")]).await;
    let run = bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    assert_eq!((run.progress.enqueued, run.progress.rejected), (1, 1));
    let letter = bridge.dead_letters().remove(0);
    assert_eq!(letter.body.len(), MAX_BODY);
    assert!(letter.attributes["detail"].ends_with(" bytes: page 1 of the source, index 0, byte 1"));
}

#[tokio::test]
async fn redriven_customer_too_large_is_rejected_again() {
    let note = "x".repeat(2 * MAX_BODY);
    let bridge = bridge_with([with_note("1", &note)]).await;
    bridge.run(json!({"order_date": ORDER_DATE})).await.unwrap();
    let first = bridge.dead_letters().remove(0);
    let deadline = Instant::now() + Duration::from_secs(60);
    let input = raw(&json!({"dry_run": false}));
    let answer = redrive_orders(&bridge.aws)
        .handle(&input, until(deadline))
        .await
        .unwrap();
    assert_eq!(answer.redriven, 1);
    bridge.drain().await;
    assert_eq!(bridge.sandbox.ledger().len(), 0);
    let again = bridge.aws.queues(|queues| queues.messages(DEAD_LETTER_QUEUE_URL));
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].body, first.body);
    assert_eq!(again[0].attributes["reason"], "malformed_message");
}

#[tokio::test]
async fn run_of_chosen_customers_rejects_only_those() {
    let note = "x".repeat(longest_note() + 1);
    let longer = "x".repeat(2 * MAX_BODY);
    let customers = [
        with_note("1", &note),
        with_note("2", &note),
        with_note("3", &longer),
    ];
    let bridge = bridge_with(customers.clone()).await;
    let input = json!({"order_date": ORDER_DATE, "customer_ids": ["2", "3"]});
    let run = bridge.run(input).await.unwrap();
    assert_eq!((run.progress.skipped, run.progress.rejected), (2, 1));
    // Its id is not read.
    assert_eq!(run.progress.missing_customer_ids, Some(["3".to_owned()].into()));
    assert_eq!(
        bridge.dead_letters()[0].body,
        (before() + &customers[1])[..MAX_BODY]
    );
}

#[tokio::test]
async fn dry_run_only_counts_customer_too_large() {
    let bridge = bridge_with([with_note("1", &"x".repeat(2 * MAX_BODY))]).await;
    let input = json!({"order_date": ORDER_DATE, "dry_run": true});
    let run = bridge.run(input).await.unwrap();
    assert_eq!((run.progress.enqueued, run.progress.rejected), (0, 1));
    assert!(bridge.dead_letters().is_empty());
}

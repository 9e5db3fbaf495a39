use std::{cell::RefCell, future::ready, sync::Mutex};

use super::*;

const OURS: bool = true;
const SQS: bool = false;

/// The ids that SQS confirms, and those that it fails, with whose fault that is.
type Reply = (&'static [&'static str], &'static [(&'static str, bool)]);

fn answer((successful, failed): Reply) -> Answer {
    let failed = failed.iter().map(|(id, sender_fault)| {
        let entry = BatchResultErrorEntry::builder()
            .id(*id)
            .code(format!("code-{id}"));
        entry.sender_fault(*sender_fault).build().unwrap()
    });
    Answer::new(successful.iter().map(|id| (*id).to_owned()), failed)
}

/// What became of the items `a`, `b` and `c`, and what each call sent.
async fn send(
    attempts: u32,
    replies: &[Result<Reply, &'static str>],
) -> (BatchResult<&'static str, &'static str>, Vec<String>) {
    let calls = RefCell::new(Vec::new());
    let result = call(
        vec!["a", "b", "c"],
        RetryPolicy::attempts(attempts),
        |id, item| Some(format!("{id}{item}")),
        |entries: Vec<String>| {
            calls.borrow_mut().push(entries.join(" "));
            ready(replies[calls.borrow().len() - 1].map(answer))
        },
    );
    (result.await, calls.into_inner())
}

fn failed(item: &'static str, failure: EntryFailure) -> FailedEntry<&'static str> {
    FailedEntry { item, failure }
}

#[tokio::test(start_paused = true)]
async fn only_sqs_own_failures_are_retried() {
    let first = Ok((&["0"][..], &[("1", OURS), ("2", SQS)][..]));
    let (result, calls) = send(5, &[first, Ok((&["0"], &[]))]).await;
    assert_eq!(calls, ["0a 1b 2c", "0c"]);
    assert_eq!(result.succeeded, ["a", "c"]);
    assert_eq!(
        result.failed,
        [failed("b", EntryFailure::Rejected("code-1".to_owned()))]
    );
    assert_eq!(result.call_error, None);
}

#[tokio::test(start_paused = true)]
async fn unnamed_entry_is_retried_and_unknown_id_ignored() {
    let first = Ok((&["0", "7", "01", ""][..], &[("9", OURS)][..]));
    let (result, calls) = send(2, &[first, Ok((&["0"], &[]))]).await;
    assert_eq!(calls, ["0a 1b 2c", "0b 1c"]);
    assert_eq!(result.succeeded, ["a", "b"]);
    assert_eq!(result.failed, [failed("c", EntryFailure::Unconfirmed)]);
}

#[tokio::test(start_paused = true)]
async fn entry_in_both_lists_is_not_confirmed() {
    let reply = Ok((&["0", "1", "2"][..], &[("1", OURS), ("2", SQS)][..]));
    let (result, _) = send(1, &[reply]).await;
    assert_eq!(result.succeeded, ["a"]);
    assert_eq!(
        result.failed,
        [
            failed("b", EntryFailure::Rejected("code-1".to_owned())),
            failed("c", EntryFailure::Unavailable("code-2".to_owned())),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn odd_code_is_not_kept() {
    for code in ["", "not a code", &"x".repeat(200_000)] {
        let entry = BatchResultErrorEntry::builder()
            .id("0")
            .code(code)
            .sender_fault(true);
        let mut answer = Answer::new(std::iter::empty(), [entry.build().unwrap()]);
        let failure = answer.outcome("0").unwrap_err();
        assert_eq!(failure.code(), "an error without a code", "{} bytes", code.len());
    }
}

#[tokio::test(start_paused = true)]
async fn failed_call_keeps_what_was_confirmed_before() {
    let (result, calls) = send(5, &[Ok((&["0"], &[])), Err("no connection")]).await;
    assert_eq!(calls, ["0a 1b 2c", "0b 1c"]);
    assert_eq!(result.succeeded, ["a"]);
    assert_eq!(
        result.failed,
        [
            failed("b", EntryFailure::CallFailed),
            failed("c", EntryFailure::CallFailed)
        ]
    );
    assert_eq!(result.call_error, Some("no connection"));
}

#[tokio::test(start_paused = true)]
async fn retries_are_reported_until_last_attempt() {
    let retries = Mutex::new(Vec::new());
    let on_retry = |retry: Retry<'_>| {
        let retry = (retry.attempt, retry.entries, retry.code.to_owned());
        retries.lock().unwrap().push(retry);
    };
    let result = call(
        vec!["a", "b"],
        RetryPolicy::attempts(3).on_retry(&on_retry),
        |id, _| Some(id),
        |_| ready(Ok::<_, ()>(answer((&["1"], &[("0", SQS)])))),
    );
    let result = result.await;
    assert_eq!(result.succeeded, ["b"]);
    assert_eq!(
        result.failed,
        [failed("a", EntryFailure::Unavailable("code-0".to_owned()))]
    );
    let code = "code-0".to_owned();
    // The second call sends `a` alone, whose id is 0 again.
    assert_eq!(*retries.lock().unwrap(), [(1, 1, code.clone()), (2, 1, code)]);
}

#[test]
fn delays_double_with_equal_jitter() {
    for (attempt, most_ms) in [(1, 200), (2, 400), (3, 800), (4, 1_600)] {
        let most = Duration::from_millis(most_ms);
        for _ in 0..100 {
            let delay = RetryPolicy::delay(attempt);
            assert!((most / 2..=most).contains(&delay), "{attempt}: {delay:?}");
        }
    }
}

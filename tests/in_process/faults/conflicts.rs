//! Whether the order exists, or an earlier request for it is still under way.

use super::*;

const CONFLICT: u16 = 409;

/// What becomes of a message that was received for the first time so long ago, with these variables.
async fn outcome_after(secs: u64, answer: impl Into<Action>, variables: &[(&str, &str)]) -> Outcome {
    let bridge = Bridge::start(Settings::default(), |environment| {
        variables.iter().fold(environment, |environment, (name, value)| {
            environment.with(name, *value)
        })
    })
    .await;
    bridge.sandbox.set_faults([on_orders(answer)]);
    deliver_again(&bridge, 2, Duration::from_secs(secs)).await
}

#[tokio::test]
async fn conflict_in_first_minute_is_retried_later() {
    for (since_first_receive, hidden_for) in [(0, 60), (10, 50)] {
        let outcome = outcome_after(since_first_receive, Answer::status(CONFLICT), &[]).await;
        // The second receive's own backoff is 30 to 60 s.
        let Outcome::Retry { hidden_for: hidden } = outcome else {
            panic!("{outcome:?}")
        };
        assert!((hidden_for..=60).contains(&hidden), "{hidden} s");
    }
}

#[tokio::test]
async fn conflict_after_a_minute_is_a_duplicate() {
    for since_first_receive in [60, 86_400] {
        let outcome = outcome_after(since_first_receive, Answer::status(CONFLICT), &[]).await;
        assert_eq!(outcome, Outcome::Delivered);
    }
}

#[tokio::test]
async fn conflict_without_first_receive_is_retried() {
    let bridge = bridge().await;
    bridge.sandbox.set_faults([on_orders(Answer::status(CONFLICT))]);
    let record = json!({"messageId": "a", "receiptHandle": "a#1", "body": message(1)});
    let event = raw(&json!({"Records": [record]}));
    let deadline = Instant::now() + FUNCTION_TIMEOUT;
    let answer = bridge.submit.handle(&event, until(deadline)).await.unwrap();
    assert_eq!(answer.batch_item_failures.len(), 1);
}

#[tokio::test]
async fn conflict_with_retry_after_is_retried() {
    let answer = || Answer::status(CONFLICT).retry_after(100);
    let outcome = outcome_after(59, answer(), &[]).await;
    assert_eq!(outcome, Outcome::Retry { hidden_for: 100 });
    assert_eq!(outcome_after(60, answer(), &[]).await, Outcome::Delivered);
}

#[tokio::test]
async fn conflict_means_duplicate_where_configured() {
    let outcome = outcome_after(0, Answer::status(CONFLICT), &[("CONFLICT_MEANS", "duplicate")]).await;
    assert_eq!(outcome, Outcome::Delivered);
}

#[tokio::test]
async fn conflict_means_retry_where_configured() {
    let outcome = outcome_after(86_400, Answer::status(CONFLICT), &[("CONFLICT_MEANS", "retry")]).await;
    assert!(matches!(outcome, Outcome::Retry { .. }), "{outcome:?}");
}

#[tokio::test]
async fn conflict_with_broken_body_is_a_conflict() {
    for reset in [false, true] {
        let answer = Action::Truncate {
            reset,
            instead: Some(Answer::status(CONFLICT).body("application/json", r#"{"error": "conflict"}"#)),
        };
        assert_eq!(outcome_after(60, answer, &[]).await, Outcome::Delivered);
    }
}

#[tokio::test]
async fn duplicate_text_is_a_duplicate() {
    let variables = [("DUPLICATE_TEXT", "already exists"), ("CONFLICT_MEANS", "retry")];
    for status in [400, 403, CONFLICT, 422] {
        let answer =
            Answer::status(status).body("application/json", r#"{"message": "order already exists"}"#);
        assert_eq!(
            outcome_after(0, answer, &variables).await,
            Outcome::Delivered,
            "{status}"
        );
    }
}

#[tokio::test]
async fn conflict_without_duplicate_text_is_retried() {
    let variables = [
        ("DUPLICATE_TEXT", "already exists"),
        ("CONFLICT_MEANS", "duplicate"),
    ];
    let answer = Answer::status(CONFLICT).body("text/plain", "still running");
    let outcome = outcome_after(86_400, answer, &variables).await;
    assert!(matches!(outcome, Outcome::Retry { .. }), "{outcome:?}");
}

#[tokio::test]
async fn conflicts_do_not_open_the_circuit() {
    let bridge = one_at_a_time().await;
    bridge.sandbox.set_faults([on_orders(Answer::status(CONFLICT))]);
    bridge.enqueue((1..=20).map(message));
    assert_eq!(bridge.deliver(20).await.1.len(), 20);
    assert_eq!(bridge.sandbox.counters().order_posts, 20);
}

#[tokio::test]
async fn conflict_after_a_broken_connection_is_retried() {
    let bridge = bridge().await;
    bridge.sandbox.set_faults([
        on_orders(Action::Reset).calls(1),
        on_orders(Answer::status(CONFLICT)).calls(2..),
    ]);
    let outcome = deliver_again(&bridge, 2, Duration::from_secs(86_400)).await;
    assert_eq!(bridge.sandbox.counters().order_posts, 2);
    // The broken request may still be under way.
    assert_eq!(outcome, Outcome::Retry { hidden_for: 60 });
}

//! What ends on a queue for people.

use local_run::Error;
use sandbox::{Answer, Endpoint, Rule, customers};

use crate::harness::{
    MAX_RECEIVE_COUNT, PATIENCE, date, on_the_deployed_stack, reconcile, run, set_visibility_timeout,
};

#[test]
fn message_without_attempts_left_is_dead_lettered() {
    on_the_deployed_stack(async |stack| {
        let redrive_policy = set_visibility_timeout(stack, 1).await;
        let (order_date, all) = (date("2024-02-01T06:00:00Z"), customers::generate(200, 21));
        let invalid: Vec<_> = all
            .iter()
            .filter(|customer| !customer.expected.is_order())
            .take(1)
            .cloned()
            .collect();
        // SQS refuses both its dead letter and its next visibility: it fails until its attempts are used up.
        stack.recorder.deny(&[
            "SendMessage",
            "ChangeMessageVisibility",
            "ChangeMessageVisibilityBatch",
        ]);
        let calls_before = stack.recorder.counts();
        let run = run(stack, order_date, &invalid).await;
        set_visibility_timeout(stack, 370).await;

        assert!(
            redrive_policy.contains(&format!("\"maxReceiveCount\":\"{MAX_RECEIVE_COUNT}\"")),
            "{redrive_policy}"
        );
        assert_eq!(run.counts.dead_lettered, 1);
        let tried = stack.recorder.counts()["SendMessage"] - calls_before.get("SendMessage").unwrap_or(&0);
        assert_eq!(tried, MAX_RECEIVE_COUNT);
        let dead_letters = stack.dead_letters().await.unwrap();
        let bodies: Vec<&str> = dead_letters.iter().map(|letter| letter.body.as_str()).collect();
        assert_eq!(
            bodies,
            [format!(
                r#"{{"order_date":"{order_date}","customer":{}}}"#,
                invalid[0].json
            )]
        );
        assert!(dead_letters[0].attributes.is_empty(), "{dead_letters:?}");
    });
}

#[test]
fn order_accepted_at_third_attempt_exists_once() {
    on_the_deployed_stack(async |stack| {
        set_visibility_timeout(stack, 1).await;
        // Else the message would wait for its backoff.
        stack
            .recorder
            .deny(&["ChangeMessageVisibility", "ChangeMessageVisibilityBatch"]);
        stack
            .sandbox
            .set_faults([Rule::on(Endpoint::Orders, Answer::status(503))
                .customer("100001")
                .attempts(1..=2)]);
        let (order_date, customers) = (date("2024-02-02T06:00:00Z"), customers::generate(10, 1));
        let run = run(stack, order_date, &customers).await;
        set_visibility_timeout(stack, 370).await;

        assert_eq!(
            (
                run.counts.delivered,
                run.counts.duplicates,
                run.counts.dead_lettered
            ),
            (10, 0, 0)
        );
        let statuses = stack.sandbox.counters().order_statuses;
        assert_eq!((statuses[&201], statuses[&503]), (10, 2));
        assert_eq!(
            reconcile(stack, order_date, &customers).await.discrepancies,
            [""; 0]
        );
    });
}

#[test]
fn run_that_keeps_failing_is_reported() {
    on_the_deployed_stack(async |stack| {
        stack
            .sandbox
            .set_faults([Rule::on(Endpoint::Customers, Answer::status(403))]);
        stack.sandbox.set_customers(customers::generate(3, 22));
        let failed = stack.run(date("2024-02-03T06:00:00Z"), PATIENCE, |_| {}).await;
        let Err(Error::RunFailed(message)) = failed else {
            panic!("{failed:?}")
        };
        assert!(message.contains("API key"), "{message}");
        // Once, and two asynchronous retries.
        assert_eq!(stack.sandbox.counters().source_requests, 3);
    });
}

//! More customers than one page, and more pages than one invocation.

use sandbox::{Action, Endpoint, Rule, customers};

use crate::harness::{PAGE_SIZE, date, on_the_deployed_stack, reconcile, run, set_timeout};

#[test]
fn ten_thousand_customers_are_accounted_for() {
    on_the_deployed_stack(async |stack| {
        let (order_date, customers) = (
            date("2024-04-01T06:00:00Z"),
            customers::generate(20 * PAGE_SIZE, 41),
        );
        let run = run(stack, order_date, &customers).await;

        assert_eq!((run.counts.fetched, run.counts.enqueued), (10_000, 10_000));
        assert_eq!(stack.sandbox.counters().source_requests, 20);
        assert_eq!(run.aws_calls["SendMessageBatch"], 1_000);
        let reconciliation = reconcile(stack, order_date, &customers).await;
        assert_eq!(reconciliation.discrepancies, [""; 0]);
        println!("10,000 customers in {:?}", run.elapsed);
    });
}

#[test]
fn run_longer_than_an_invocation_continues() {
    on_the_deployed_stack(async |stack| {
        // Eight of its ten seconds are for reading: enough for a page of three seconds, too little for two more.
        set_timeout(stack, 10).await;
        let slow = Rule::on(Endpoint::Customers, Action::Pass).latency_ms(3_000);
        stack.sandbox.set_faults([slow]);
        let (order_date, customers) = (
            date("2024-04-02T06:00:00Z"),
            customers::generate(4 * PAGE_SIZE, 42),
        );
        let run = run(stack, order_date, &customers).await;
        set_timeout(stack, 900).await;

        assert_eq!((run.counts.fetched, run.counts.enqueued), (2_000, 2_000));
        assert_eq!(stack.sandbox.counters().source_requests, 4);
        assert_eq!(run.aws_calls["Invoke"], 3);
        assert_eq!(
            reconcile(stack, order_date, &customers).await.discrepancies,
            [""; 0]
        );
    });
}

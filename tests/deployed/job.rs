//! The main job.

use integration_tests::canaries::canaries;
use local_run::run::Counts;
use sandbox::{Customer, customers};
use serde_json::{Value, json};

use crate::harness::{PATIENCE, date, on_the_deployed_stack, printed_by, reconcile, run};

#[test]
fn customer_has_one_order_or_dead_letter() {
    on_the_deployed_stack(async |stack| {
        let (order_date, customers) = (date("2024-01-01T06:00:00Z"), customers::generate(200, 11));
        let valid = customers
            .iter()
            .filter(|customer| customer.expected.is_order())
            .count() as u64;
        assert!((190..200).contains(&valid), "{valid}");

        let run = run(stack, order_date, &customers).await;
        assert!(run.settled);
        let expected = Counts {
            customers: 200,
            fetched: 200,
            enqueued: 200,
            delivered: valid,
            duplicates: 0,
            dead_lettered: 200 - valid,
            waiting: 0,
        };
        assert_eq!(run.counts, expected);

        let reconciliation = reconcile(stack, order_date, &customers).await;
        assert_eq!(reconciliation.discrepancies, [""; 0]);
        assert_eq!(reconciliation.ordered, valid);
        assert_eq!(reconciliation.dead_letters["invalid_customer"].count, 200 - valid);
        assert_eq!(reconciliation.dead_letters.len(), 1);

        // Everything that the functions printed.
        let log = std::fs::read_to_string(stack.paths.log()).unwrap();
        assert!(log.contains(&order_date.to_string()));
        let leaked: Vec<String> = canaries(&stack.sandbox)
            .into_iter()
            .filter(|canary| log.contains(canary))
            .collect();
        assert_eq!(leaked, [""; 0]);
    });
}

#[test]
fn second_run_of_order_date_makes_no_order() {
    on_the_deployed_stack(async |stack| {
        let (order_date, customers) = (date("2024-01-02T06:00:00Z"), customers::generate(50, 12));
        let first = run(stack, order_date, &customers).await;
        let ledger = stack.sandbox.ledger();

        let second = run(stack, order_date, &customers).await;
        assert!(second.settled);
        assert_eq!(
            (second.counts.delivered, second.counts.duplicates),
            (0, first.counts.delivered)
        );
        assert_eq!(second.counts.dead_lettered, first.counts.dead_lettered);
        let after = stack.sandbox.ledger();
        assert!(after.keys().eq(ledger.keys()));
        assert!(after.values().all(|entry| entry.posts == 2));
    });
}

#[test]
fn example_customer_becomes_example_order() {
    on_the_deployed_stack(async |stack| {
        stack.sandbox.set_customers([fixture::customer()]);
        let order_date = date(fixture::order_date());
        assert!(stack.run(order_date, PATIENCE, |_| {}).await.unwrap().settled);

        let ledger = stack.sandbox.ledger();
        let orders: Vec<Value> = ledger
            .values()
            .map(|entry| serde_json::from_slice(&entry.body).unwrap())
            .collect();
        assert_eq!(orders, [fixture::order()]);
    });
}

fn valid_customers(count: usize) -> Vec<Customer> {
    let valid = customers::generate(2 * count as u64, 13)
        .into_iter()
        .filter(|customer| customer.expected.is_order());
    valid.take(count).collect()
}

#[test]
fn schedule_starts_run_of_scheduled_time() {
    on_the_deployed_stack(async |stack| {
        stack.sandbox.set_customers(valid_customers(3));
        let input = stack.fire_schedule(date("2024-01-03T06:00:00Z")).await.unwrap();
        assert_eq!(input, r#"{"order_date": "2024-01-03T06:00:00Z"}"#);

        let stored = stack.sandbox.until(|record| record.counters.orders_stored == 3);
        tokio::time::timeout(PATIENCE, stored).await.unwrap();
        let ledger = stack.sandbox.ledger();
        assert!(
            ledger
                .keys()
                .all(|order_id| order_id.starts_with("ORD-20240103-")),
            "{ledger:?}"
        );
        assert!(
            ledger
                .values()
                .all(|entry| entry.order_date == "2024-01-03T06:00:00Z")
        );
    });
}

#[test]
fn backfill_command_output_works_as_printed() {
    on_the_deployed_stack(async |stack| {
        stack.sandbox.set_customers(valid_customers(3));
        let mut summary = printed_by(stack, "BackfillCommand");
        summary.as_object_mut().unwrap().remove("elapsed_ms");
        assert_eq!(
            summary,
            json!({"order_date": "2023-10-15T14:30:00Z", "pages": 1, "fetched": 3, "enqueued": 3, "skipped": 0,
                   "rejected": 0, "repeated": 0, "dry_run": true, "continued": false, "would_be_rejected": 0,
                   "violations": {}, "examples": []})
        );
        assert_eq!(stack.sandbox.counters().order_posts, 0);
    });
}

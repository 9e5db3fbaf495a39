//! What the functions may do beside what they do: every right that a role grants is used.

use sandbox::{Action, Answer, Endpoint, Rule, customers};
use serde_json::json;

use crate::harness::{
    PAGE_SIZE, date, invoke, on_the_deployed_stack, run, set_timeout, set_visibility_timeout,
};
use crate::permissions::{granted, roles, used, used_by_aws};

#[test]
fn every_granted_right_is_used() {
    on_the_deployed_stack(async |stack| {
        // A refused customer and an order that is retried; then a run over two invocations.
        set_visibility_timeout(stack, 1).await;
        stack
            .recorder
            .deny(&["ChangeMessageVisibility", "ChangeMessageVisibilityBatch"]);
        let unavailable = Rule::on(Endpoint::Orders, Answer::status(503))
            .customer("100001")
            .attempts(1..=1);
        stack.sandbox.set_faults([unavailable]);
        let customers = customers::generate(200, 61);
        let first = run(stack, date("2024-07-01T06:00:00Z"), &customers).await;
        assert!(first.counts.dead_lettered >= 2);
        stack.recorder.deny(&[]);
        set_visibility_timeout(stack, 370).await;
        set_timeout(stack, 10).await;
        stack
            .sandbox
            .set_faults([Rule::on(Endpoint::Customers, Action::Pass).latency_ms(3_000)]);
        run(
            stack,
            date("2024-07-02T06:00:00Z"),
            &customers::generate(3 * PAGE_SIZE, 62),
        )
        .await;
        set_timeout(stack, 900).await;
        // A customer that is no JSON.
        let malformed = Answer::status(200).body("application/json", "[NaN]");
        stack
            .sandbox
            .set_faults([Rule::on(Endpoint::Customers, malformed)]);
        let input = json!({"order_date": "2024-07-03T06:00:00Z"});
        let fetched = invoke(stack, "FetchCustomersFunctionArn", input).await;
        assert_eq!(fetched["rejected"], 1, "{fetched}");
        stack.sandbox.set_faults([]);
        // Some dead letters are redriven, the others discarded.
        let redriven = invoke(
            stack,
            "RedriveOrdersFunctionArn",
            json!({"limit": 1, "dry_run": false}),
        )
        .await;
        assert_eq!(redriven["redriven"], 1, "{redriven}");
        let discard = json!({"action": "discard", "reason": "invalid_customer", "dry_run": false});
        let discarded = invoke(stack, "RedriveOrdersFunctionArn", discard).await;
        assert!(discarded["discarded"].as_u64() > Some(0), "{discarded}");

        let used = used(stack);
        for (function, role) in roles() {
            println!("{function}");
            let mut idle = Vec::new();
            for permission in granted(&role) {
                let (action, resource) = &permission;
                let by = if used.get(&role).is_some_and(|used| used.contains(&permission)) {
                    Some("itself")
                } else {
                    used_by_aws(&role, &permission)
                };
                println!("  {action} on {resource}: {}", by.unwrap_or("no call"));
                if by.is_none() {
                    idle.push(permission);
                }
            }
            assert_eq!(idle, [], "{role} grants what no call uses");
        }
    });
}

//! Workers that are killed in the middle of their work.

use std::{fs, process::Command};

use aws_sdk_sqs::types::QueueAttributeName;
use local_run::LocalDeployment;
use sandbox::{Action, Answer, Endpoint, Rule, customers};
use serde_json::json;

use crate::harness::{MAX_RECEIVE_COUNT, date, on_the_deployed_stack, reconcile_with, run};

/// Ends the running processes of submit-orders at once, as the kernel does when memory runs out.
///
/// # Returns
/// How many there were.
fn kill_workers(stack: &LocalDeployment) -> usize {
    let ours = format!("DESTINATION_URL={}\0", stack.sandbox.orders_url());
    let processes = fs::read_dir("/proc").unwrap().flatten();
    // Not by their program, which an emulator of another processor hides behind its own.
    let workers = processes.filter(|process| {
        let environment = fs::read(process.path().join("environ")).unwrap_or_default();
        String::from_utf8_lossy(&environment).contains(&ours)
    });
    let killed = workers.filter(|worker| {
        let kill = Command::new("kill").arg("-KILL").arg(worker.file_name()).status();
        kill.unwrap().success()
    });
    killed.count()
}

async fn set_queue(stack: &LocalDeployment, visibility_secs: u64, max_receive_count: u64) {
    let url = stack.output("CustomerQueueUrl").unwrap();
    let dead_letters = stack.output("DeadLetterQueueUrl").unwrap();
    let arn = stack.sqs().get_queue_attributes().queue_url(dead_letters);
    let arn = arn
        .attribute_names(QueueAttributeName::QueueArn)
        .send()
        .await
        .unwrap()
        .attributes
        .unwrap();
    let redrive = json!({
        "deadLetterTargetArn": arn[&QueueAttributeName::QueueArn], "maxReceiveCount": max_receive_count,
    });
    let change = stack.sqs().set_queue_attributes().queue_url(url);
    let change = change.attributes(QueueAttributeName::VisibilityTimeout, visibility_secs.to_string());
    change
        .attributes(QueueAttributeName::RedrivePolicy, redrive.to_string())
        .send()
        .await
        .unwrap();
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "finds the workers in /proc")]
fn killed_workers_lose_and_duplicate_no_order() {
    on_the_deployed_stack(async |stack| {
        // What a killed worker had in hand comes back after the queue's own time-out; the template's is minutes.
        set_queue(stack, 5, 60).await;
        stack.recorder.deny(&["ChangeMessageVisibilityBatch"]);
        let flaky = |action: Action, percent| {
            Rule::on(Endpoint::Orders, action)
                .chance(percent, percent)
                .latency_ms(20)
        };
        stack.sandbox.set_faults([
            flaky(Answer::status(503).into(), 5),
            flaky(Action::Reset, 3),
            flaky(Action::LoseAnswer, 4),
            Rule::on(Endpoint::Orders, Action::Pass).latency_ms(20),
        ]);
        let (order_date, customers) = (date("2024-03-01T06:00:00Z"), customers::generate(1000, 31));
        let kills = async {
            let mut killed = 0;
            for orders in [50, 200, 350, 500, 650, 800] {
                stack
                    .sandbox
                    .until(|record| record.counters.orders_stored >= orders)
                    .await;
                stack
                    .sandbox
                    .until(|record| record.counters.posts_in_flight > 0)
                    .await;
                killed += kill_workers(stack);
            }
            killed
        };
        let (run, killed) = tokio::join!(run(stack, order_date, &customers), kills);
        set_queue(stack, 370, MAX_RECEIVE_COUNT).await;

        assert!(killed >= 6, "{killed}");
        let mut dead_letters = stack.dead_letters().await.unwrap();
        // Killed between the confirmed copy and its answer, a worker leaves a second one behind.
        dead_letters.sort_by(|one, other| one.body.cmp(&other.body));
        dead_letters.dedup_by(|one, other| one.body == other.body);
        let reconciliation = reconcile_with(stack, order_date, &customers, &dead_letters).await;
        assert_eq!(reconciliation.discrepancies, [""; 0]);
        let valid = customers
            .iter()
            .filter(|customer| customer.expected.is_order())
            .count() as u64;
        let counters = stack.sandbox.counters();
        println!(
            "{killed} workers killed: {valid} orders with {} POSTs, {} of them already there, and {} tokens in {:?}",
            counters.order_posts, counters.orders_duplicate, counters.token_requests, run.elapsed
        );
        assert_eq!((run.counts.delivered, counters.orders_stored), (valid, valid));
    });
}

//! Some minutes in which everything happens that the dashboard can show.

use std::time::Duration;

use local_run::{Error, LocalDeployment};
use sandbox::{Action, Answer, Endpoint, Record, Rule, customers};
use shared::domain::order_date::OrderDate;

/// How long nothing may happen: a message that was retried comes back within a minute or two.
const PATIENCE: Duration = Duration::from_secs(180);

/// How many customers each day has.
const CUSTOMERS: u64 = 3000;

/// How the destination answers on a usual day: most of the time soon, sometimes late.
fn usual() -> [Rule; 3] {
    let slow = |percent, ms| {
        Rule::on(Endpoint::Orders, Action::Pass)
            .chance(percent, ms)
            .latency_ms(ms)
    };
    [slow(2, 900), slow(25, 160), slow(100, 60)]
}

/// Tells it on the stack, and lets it be quiet for a while at the end. `say` is told what happens.
///
/// # Errors
/// A run did not end as it must.
pub(crate) async fn tell(
    stack: &LocalDeployment,
    quiet: Duration,
    say: impl Fn(&str),
) -> Result<(), Box<dyn std::error::Error>> {
    let date = |day: &str| format!("2026-11-{day}T06:00:00Z").parse::<OrderDate>();
    stack.sandbox.set_customers(customers::generate(CUSTOMERS, 1));

    say("a usual day");
    stack.sandbox.set_faults(usual());
    stack.run(date("01")?, PATIENCE, |_| {}).await?;

    say("the destination fails in the middle of a run");
    let before = stack.sandbox.counters();
    let outage = async {
        let third = before.orders_stored + CUSTOMERS / 3;
        stack
            .sandbox
            .until(|record| record.counters.orders_stored >= third)
            .await;
        let down = Rule::on(Endpoint::Orders, Answer::status(503)).latency_ms(20);
        stack.sandbox.set_faults([down]);
        // Each of ten instances stops after five failures; then one at a time finds out.
        stack.sandbox.until(|record| answers(record, 503) >= 80).await;
        stack.sandbox.set_faults(usual());
    };
    let (run, ()) = tokio::join!(stack.run(date("02")?, PATIENCE, |_| {}), outage);
    run?;

    say("the same order date once more: every order is there already");
    stack.run(date("02")?, PATIENCE, |_| {}).await?;

    say("the source refuses the API key");
    stack
        .sandbox
        .set_faults([Rule::on(Endpoint::Customers, Answer::status(403))]);
    match stack.run(date("03")?, PATIENCE, |_| {}).await {
        Err(Error::RunFailed(_)) => {}
        Err(other) => return Err(other.into()),
        Ok(_) => return Err("a run without the API key was completed".into()),
    }

    say("it takes it again, but the destination refuses our client");
    let refused = Rule::on(Endpoint::Orders, Answer::status(403));
    stack.sandbox.set_faults([refused]);
    let mended = async {
        // One call of each instance, and no more.
        stack.sandbox.until(|record| answers(record, 403) >= 10).await;
        stack.sandbox.set_faults(usual());
    };
    let (run, ()) = tokio::join!(stack.run(date("03")?, PATIENCE, |_| {}), mended);
    run?;

    say("all is quiet");
    while !stack.depth("CustomerQueueUrl").await?.is_empty() {
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    // So that the last data point is one of a quiet system.
    tokio::time::sleep(quiet).await;
    Ok(())
}

/// How often the destination gave this answer.
fn answers(record: &Record, status: u16) -> u64 {
    let statuses = &record.counters.order_statuses;
    statuses.get(&status).copied().unwrap_or(0)
}

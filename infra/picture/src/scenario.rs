//! A scenario of some minutes, with everything that the dashboard can show.

use std::time::Duration;

use local_run::{Error, LocalDeployment, run::Run};
use sandbox::{Action, Answer, Endpoint, Record, Rule, customers};
use shared::domain::order_date::OrderDate;

/// A run without progress for longer has failed: a message that was retried comes back within a minute or two.
const IDLE_TIMEOUT: Duration = Duration::from_secs(180);

/// Longer than an order that was delivered shows that the destination works.
const NOT_DELIVERED: Duration = Duration::from_secs(12);

/// How many customers each day has.
const CUSTOMERS: u64 = 3000;

/// The latencies of the destination on a usual day.
fn usual() -> [Rule; 3] {
    let slow = |percent, ms| {
        Rule::on(Endpoint::Orders, Action::Pass)
            .chance(percent, ms)
            .latency_ms(ms)
    };
    [slow(2, 900), slow(25, 160), slow(100, 60)]
}

/// Plays it on the stack, with nothing happening for `quiet` at the end. `say` prints each step.
///
/// # Errors
/// A run did not end as expected.
pub(crate) async fn play(
    stack: &LocalDeployment,
    quiet: Duration,
    say: impl Fn(&str),
) -> Result<(), Box<dyn std::error::Error>> {
    let date = |day: &str| format!("2026-11-{day}T06:00:00Z").parse::<OrderDate>();
    stack.sandbox.set_customers(customers::generate(CUSTOMERS, 1));

    say("a usual day");
    stack.sandbox.set_faults(usual());
    settled(&stack.run(date("01")?, IDLE_TIMEOUT, |_| {}).await?)?;

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
        // The circuit breaker of each of ten instances opens after five failures; then there is one probe at a time.
        stack.sandbox.until(|record| answers(record, 503) >= 80).await;
        stack.sandbox.set_faults(usual());
    };
    let (run, ()) = tokio::join!(stack.run(date("02")?, IDLE_TIMEOUT, |_| {}), outage);
    settled(&run?)?;

    say("the same order date again: every order is a duplicate");
    settled(&stack.run(date("02")?, IDLE_TIMEOUT, |_| {}).await?)?;

    say("the source rejects the API key");
    stack
        .sandbox
        .set_faults([Rule::on(Endpoint::Customers, Answer::status(403))]);
    match stack.run(date("03")?, IDLE_TIMEOUT, |_| {}).await {
        Err(Error::RunFailed(_)) => {}
        Err(other) => return Err(other.into()),
        Ok(_) => return Err("a run without the API key was completed".into()),
    }

    say("the source accepts it again, but the destination rejects the client");
    // An instance that has just delivered an order takes a 403 for the next order's own.
    tokio::time::sleep(NOT_DELIVERED).await;
    let forbidden = Rule::on(Endpoint::Orders, Answer::status(403));
    stack.sandbox.set_faults([forbidden]);
    let fixed = async {
        // Two different orders of each instance, and some that are in flight beside them.
        stack.sandbox.until(|record| answers(record, 403) >= 40).await;
        stack.sandbox.set_faults(usual());
    };
    let (run, ()) = tokio::join!(stack.run(date("03")?, IDLE_TIMEOUT, |_| {}), fixed);
    settled(&run?)?;

    say("nothing happens");
    // The last data points show an idle system.
    tokio::time::sleep(quiet).await;
    Ok(())
}

/// # Errors
/// The run has ended without an order or a dead letter for each customer, or with messages on the queue.
fn settled(run: &Run) -> Result<(), String> {
    if run.settled {
        return Ok(());
    }
    let (date, waiting) = (run.order_date, run.counts.waiting);
    Err(format!(
        "the run of {date} made no more progress, with {waiting} messages on the customer queue"
    ))
}

/// How often the destination answered with this status.
fn answers(record: &Record, status: u16) -> u64 {
    let statuses = &record.counters.order_statuses;
    statuses.get(&status).copied().unwrap_or(0)
}

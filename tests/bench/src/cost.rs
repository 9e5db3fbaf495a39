//! The cost of a million customers, from the measurements and AWS's prices.
//!
//! **An invocation's billed time.** The wall time was measured on a whole processor. A function of `M` MB has
//! `M / 1769` of one, so each of its CPU milliseconds takes `1769 / M`. The worst case is that it never waits
//! at the same time:
//!
//! ```text
//! billed = ⌈wall + cpu × (1769 / M − 1)⌉ ms
//! ```
//!
//! **A million customers**, in batches of `B`:
//!
//! | what | how many |
//! | --- | --- |
//! | fetch-customers | one run: its billed time per customer × 10⁶, at [`FETCH_MB`] |
//! | submit-orders | 10⁶ / `B` invocations, at [`SUBMIT_MB`] |
//! | SQS | 10⁶ / 10 calls each to send, to receive and to delete ten messages, which are less than 64 KiB |
//! | logs | what the functions print, and [`PLATFORM_BYTES`] of Lambda's own for each invocation |
//! | X-Ray | the default rule's 5 % of the invocations |
//! | the rest | one call of the schedule, a secret for each instance: less than a cent |
//!
//! Costs that do not depend on the number of customers are in [`monthly`].

use crate::{
    competitor::Competitor::{self, Ours},
    prices::{
        API_DESTINATION_MILLION_CALLS, LAMBDA_GB_SECOND, LAMBDA_MILLION_REQUESTS, LOGS_GB,
        MB_OF_ONE_PROCESSOR, METRIC_MONTH, PIPES_MILLION_EVENTS, SCHEDULER_MILLION_CALLS, SECRET_MONTH,
        SECRETS_TEN_THOUSAND_CALLS, SQS_MILLION_REQUESTS, XRAY_MILLION_TRACES,
    },
    results::Results,
    sample::{Figure, float},
    scenario::Scenario,
};

/// The template's `MemorySize` of submit-orders.
pub(crate) const SUBMIT_MB: f64 = 256.0;

/// The template's `MemorySize` of fetch-customers.
pub(crate) const FETCH_MB: f64 = 512.0;

/// The template's default `MaxConcurrency`: so many instances read the client's secret once.
const INSTANCES: f64 = 10.0;

/// Lambda's own lines about an invocation in JSON, platform.start and platform.report with its tracing, and what
/// CloudWatch adds to each line (26 bytes).
const PLATFORM_BYTES: f64 = 650.0;

/// The share of invocations that X-Ray's default rule records, beyond one in a second.
const TRACED: f64 = 0.05;

/// The custom metrics of both functions, as the contract lists them.
const METRICS: f64 = 15.0;

/// Calls a month to an idle queue: five pollers, each for 20 s (AWS Lambda Developer Guide, "Configuring scaling
/// behavior for SQS event source mappings": with a maximum concurrency they do not become fewer).
const IDLE_POLLS: f64 = 5.0 * 3.0 * 60.0 * 24.0 * 30.0;

/// Dollars for a million customers.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Bill {
    /// Compute and requests of submit-orders or its substitute.
    pub(crate) submit: f64,
    /// Compute of fetch-customers.
    pub(crate) fetch: f64,
    pub(crate) sqs: f64,
    pub(crate) logs: f64,
    /// X-Ray, the schedule, secrets.
    pub(crate) rest: f64,
}

impl Bill {
    pub(crate) fn total(&self) -> f64 {
        self.submit + self.fetch + self.sqs + self.logs + self.rest
    }
}

/// The billed milliseconds of an invocation that took this on a whole processor, at `mb` of memory.
pub(crate) fn billed_ms(wall_ms: f64, cpu_ms: f64, mb: f64) -> f64 {
    (wall_ms + cpu_ms * (MB_OF_ONE_PROCESSOR / mb - 1.0)).ceil()
}

/// The billed milliseconds of a measured batch, at `mb` of memory.
pub(crate) fn billed_batch(
    results: &Results,
    of: Competitor,
    batch: u64,
    latency_ms: u64,
    mb: f64,
) -> Option<f64> {
    let scenario = Scenario::submit(batch, latency_ms);
    let median = |figure| Some(results.figure(scenario, of, figure)?.median);
    let cpu_ms = median(Figure::CpuMicros)? * float(batch) / 1e3;
    Some(billed_ms(median(Figure::WallMillis)?, cpu_ms, mb))
}

/// The cost of a million customers with one competitor; `None` where it was not measured.
pub(crate) fn bill(results: &Results, of: Competitor, batch: u64, latency_ms: u64) -> Option<Bill> {
    let submit_ms = billed_batch(results, of, batch, latency_ms, SUBMIT_MB)?;
    let printed = results.figure(Scenario::submit(batch, latency_ms), of, Figure::Printed)?;
    // There is one in Python.
    let fetches = if of == Competitor::PythonAsync {
        Competitor::PythonSync
    } else {
        of
    };
    let invocations = 1e6 / float(batch);
    Some(Bill {
        submit: invocations * lambda(submit_ms, SUBMIT_MB),
        fetch: fetch(results, fetches)?,
        sqs: sqs(),
        logs: invocations * (printed.median + PLATFORM_BYTES) / 1e9 * LOGS_GB,
        rest: TRACED * invocations / 1e6 * XRAY_MILLION_TRACES + once(),
    })
}

/// The cost of a million customers with EventBridge Pipes and an API destination instead of submit-orders. It can fill
/// a template, but has no validation, no order id, and no reasons on dead letters. Its calls to SQS are counted like
/// Lambda's, in tens; the documentation lets a pipe to an API destination take messages one by one only.
pub(crate) fn bill_of_pipes(results: &Results) -> Option<Bill> {
    Some(Bill {
        submit: PIPES_MILLION_EVENTS + API_DESTINATION_MILLION_CALLS,
        fetch: fetch(results, Ours)?,
        sqs: sqs(),
        logs: 0.0,
        rest: once(),
    })
}

/// The monthly cost of a stack that works in every hour, independent of the number of customers: metrics, secrets, and
/// polling the empty queue.
pub(crate) fn monthly() -> [(&'static str, f64); 3] {
    [
        ("15 custom metrics, if sent in every hour", METRICS * METRIC_MONTH),
        ("2 secrets", 2.0 * SECRET_MONTH),
        ("polling the idle queue", IDLE_POLLS / 1e6 * SQS_MILLION_REQUESTS),
    ]
}

/// An invocation of so many billed milliseconds.
pub(crate) fn lambda(billed_ms: f64, mb: f64) -> f64 {
    billed_ms / 1e3 * mb / 1024.0 * LAMBDA_GB_SECOND + LAMBDA_MILLION_REQUESTS / 1e6
}

fn fetch(results: &Results, of: Competitor) -> Option<f64> {
    let customers = 100_000;
    let scenario = Scenario::Fetch {
        customers,
        sqs_latency_ms: 20,
    };
    let median = |figure| Some(results.figure(scenario, of, figure)?.median);
    let cpu_ms = median(Figure::CpuMicros)? * float(customers) / 1e3;
    let ms = billed_ms(median(Figure::WallMillis)?, cpu_ms, FETCH_MB);
    Some(lambda(ms * 1e6 / float(customers), FETCH_MB))
}

fn sqs() -> f64 {
    3.0 * (1e6 / 10.0) / 1e6 * SQS_MILLION_REQUESTS
}

fn once() -> f64 {
    SCHEDULER_MILLION_CALLS / 1e6 + (INSTANCES + 1.0) / 1e4 * SECRETS_TEN_THOUSAND_CALLS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn billed_time_grows_with_less_memory() {
        // All of one.
        assert_eq!(billed_ms(100.0, 40.0, 1769.0), 100.0);
        // Half of one: 40 ms take 80.
        assert_eq!(billed_ms(100.0, 40.0, 884.5), 140.0);
        // Nothing but waiting, and a millisecond that was begun.
        assert_eq!(billed_ms(100.2, 0.0, 128.0), 101.0);
    }

    #[test]
    fn invocation_costs_time_memory_and_request() {
        // A GB for 1,000 s.
        let dollars = lambda(1_000_000.0, 1024.0);
        assert!((dollars - (0.013_333_4 + 0.000_000_2)).abs() < 1e-12, "{dollars}");
    }

    #[test]
    fn million_customers_take_300_000_sqs_calls() {
        assert!((sqs() - 0.12).abs() < 1e-12);
    }
}

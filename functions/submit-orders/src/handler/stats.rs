//! The statistics of one invocation: counted while its messages are settled, and written once, to the log and as
//! metrics.

use shared::{
    clock::millis,
    lambda::{
        invocation::Invocation,
        metrics::{Metric, MetricValue, Metrics},
    },
};
use tokio::time::Instant;

use crate::{
    destination::call_stats::CallStats,
    verdict::{RetryReason, Verdict},
};

/// The metrics of this function. Each invocation that handled a batch writes all of them, zeros too: a dashboard then
/// shows a zero, not a gap, and an alarm ends with the first good minute. Only `DestinationLatency` is left out where
/// nothing was answered.
pub mod metric {
    use super::Metric;

    /// Messages whose order was stored.
    pub const DELIVERED: Metric = Metric::count("OrdersDelivered");
    /// Messages whose order had been stored before.
    pub const DUPLICATE: Metric = Metric::count("OrdersDuplicate");
    /// Messages that were dead-lettered with a reason.
    pub const REJECTED: Metric = Metric::count("OrdersRejected");
    /// Messages whose attempt failed, and that are attempted again.
    pub const RETRIED: Metric = Metric::count("OrdersRetried");
    /// Messages that were not attempted.
    pub const DEFERRED: Metric = Metric::count("OrdersDeferred");
    /// How long the destination took for each POST that it answered, whatever the answer.
    pub const LATENCY: Metric = Metric::milliseconds("DestinationLatency");
    /// Messages that met a misconfiguration: no order is delivered until a person has fixed it.
    pub const MISCONFIGURED: Metric = Metric::count("DestinationMisconfigured");
    /// Requests to the token endpoint.
    pub const TOKEN_REQUESTS: Metric = Metric::count("TokenRequests");

    pub const ALL: [Metric; 8] = [
        DELIVERED,
        DUPLICATE,
        REJECTED,
        RETRIED,
        DEFERRED,
        LATENCY,
        MISCONFIGURED,
        TOKEN_REQUESTS,
    ];
}

/// Every message received is counted in exactly one of the next five.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InvocationStats {
    received: u64,
    delivered: u64,
    duplicate: u64,
    rejected: u64,
    retried: u64,
    deferred: u64,
    misconfigured: u64,
}

impl InvocationStats {
    pub(crate) fn record(&mut self, verdict: &Verdict) {
        self.received += 1;
        match verdict {
            Verdict::Delivered { duplicate: false } => self.delivered += 1,
            Verdict::Delivered { duplicate: true } => self.duplicate += 1,
            Verdict::Rejected(_) => self.rejected += 1,
            Verdict::Retried(retry) => {
                self.retried += 1;
                self.misconfigured += u64::from(retry.reason == RetryReason::Misconfigured);
            }
            Verdict::Deferred(_) => self.deferred += 1,
        }
    }

    /// Writes the one log line of the invocation.
    pub(crate) fn log(&self, calls: &CallStats, invocation: Invocation<'_>, started: Instant) {
        tracing::info!(
            event = "batch_settled",
            request_id = invocation.request_id,
            xray_trace_id = invocation.trace_id(),
            received = self.received,
            delivered = self.delivered,
            duplicate = self.duplicate,
            rejected = self.rejected,
            retried = self.retried,
            deferred = self.deferred,
            slowest_post_ms = calls.post_latencies_ms.iter().copied().reduce(f64::max),
            elapsed_ms = millis(started.elapsed()),
            "batch settled"
        );
    }

    /// Writes the metrics of the invocation.
    pub(crate) fn publish(&self, calls: &CallStats, invocation: Invocation<'_>, metrics: &Metrics) {
        metrics.write(
            invocation.request_id,
            &[
                (metric::DELIVERED, MetricValue::One(self.delivered)),
                (metric::DUPLICATE, MetricValue::One(self.duplicate)),
                (metric::REJECTED, MetricValue::One(self.rejected)),
                (metric::RETRIED, MetricValue::One(self.retried)),
                (metric::DEFERRED, MetricValue::One(self.deferred)),
                (metric::LATENCY, MetricValue::Samples(&calls.post_latencies_ms)),
                (metric::MISCONFIGURED, MetricValue::One(self.misconfigured)),
                (metric::TOKEN_REQUESTS, MetricValue::One(calls.token_requests)),
            ],
        );
    }
}

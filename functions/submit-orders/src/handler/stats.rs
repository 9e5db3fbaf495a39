//! The books of one invocation: kept while its messages are settled, and told once, in the log and as metrics.

use std::time::Duration;

use shared::{
    lambda::invocation::Invocation,
    lambda::metrics::{Metric, MetricValue, Metrics},
};
use tokio::time::Instant;

use crate::{meter::Measured, verdict::Cause};

/// The metrics of this function, all of them in each invocation that handled a batch, zeros too: a dashboard then
/// shows a zero, not a gap, and an alarm ends with the first good minute. `DestinationLatency` alone is left out
/// where nothing was answered.
pub mod metric {
    use super::Metric;

    /// Messages whose order is in the destination since now.
    pub const DELIVERED: Metric = Metric::count("OrdersDelivered");
    /// Messages whose order was in the destination before.
    pub const DUPLICATE: Metric = Metric::count("OrdersDuplicate");
    /// Messages that lie in the dead-letter queue since now, with the reason.
    pub const REJECTED: Metric = Metric::count("OrdersRejected");
    /// Messages that were tried, and are tried again.
    pub const RETRIED: Metric = Metric::count("OrdersRetried");
    /// Messages that were returned untried.
    pub const UNSTARTED: Metric = Metric::count("OrdersDeferred");
    /// How long the destination took for each POST that it answered, whatever it answered.
    pub const LATENCY: Metric = Metric::milliseconds("DestinationLatency");
    /// Messages that met a misconfiguration: no order gets through until a person has mended it.
    pub const MISCONFIGURED: Metric = Metric::count("DestinationMisconfigured");
    /// Requests to the token endpoint.
    pub const TOKEN_REQUESTS: Metric = Metric::count("TokenRequests");

    /// All of them.
    pub const ALL: [Metric; 8] = [
        DELIVERED,
        DUPLICATE,
        REJECTED,
        RETRIED,
        UNSTARTED,
        LATENCY,
        MISCONFIGURED,
        TOKEN_REQUESTS,
    ];
}

/// What became of one message.
pub(crate) enum Settled {
    Delivered,
    Duplicate,
    Rejected,
    Returned { cause: Cause, delay: Duration },
}

/// The books: every message received is in exactly one of the others.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Books {
    received: u64,
    delivered: u64,
    duplicate: u64,
    rejected: u64,
    retried: u64,
    unstarted: u64,
}

impl Books {
    /// Enters one message.
    pub(crate) fn enter(&mut self, settled: &Settled) {
        self.received += 1;
        let column = match settled {
            Settled::Delivered => &mut self.delivered,
            Settled::Duplicate => &mut self.duplicate,
            Settled::Rejected => &mut self.rejected,
            Settled::Returned { cause, .. } if cause.is_unstarted() => &mut self.unstarted,
            Settled::Returned { .. } => &mut self.retried,
        };
        *column += 1;
    }

    /// The invocation's one line in the log.
    pub(crate) fn log(&self, measured: &Measured, invocation: Invocation<'_>, began: Instant) {
        tracing::info!(
            request_id = invocation.request_id,
            xray_trace_id = invocation.trace_id(),
            received = self.received,
            delivered = self.delivered,
            duplicate = self.duplicate,
            rejected = self.rejected,
            retried = self.retried,
            unstarted = self.unstarted,
            slowest_post_ms = measured.latencies_ms.iter().copied().reduce(f64::max),
            elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "batch settled"
        );
    }

    /// The same to CloudWatch, with what was measured on the way.
    pub(crate) fn publish(&self, measured: &Measured, invocation: Invocation<'_>, metrics: &Metrics) {
        metrics.write(
            invocation.request_id,
            &[
                (metric::DELIVERED, MetricValue::One(self.delivered)),
                (metric::DUPLICATE, MetricValue::One(self.duplicate)),
                (metric::REJECTED, MetricValue::One(self.rejected)),
                (metric::RETRIED, MetricValue::One(self.retried)),
                (metric::UNSTARTED, MetricValue::One(self.unstarted)),
                (metric::LATENCY, MetricValue::Samples(&measured.latencies_ms)),
                (metric::MISCONFIGURED, MetricValue::One(measured.misconfigured)),
                (metric::TOKEN_REQUESTS, MetricValue::One(measured.token_requests)),
            ],
        );
    }
}

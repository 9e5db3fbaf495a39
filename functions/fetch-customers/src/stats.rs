//! The metrics of a run, published once per invocation.

use shared::lambda::{
    invocation::Invocation,
    metrics::{Metric, MetricValue, Metrics},
};

use crate::run::{Progress, Run, Summary};

/// The metrics of this function. Each invocation publishes its own share of a run, so that sums are right however many
/// invocations it takes. A dry run, which enqueues nothing, publishes none.
pub mod metric {
    use super::Metric;

    pub const FETCHED: Metric = Metric::count("CustomersFetched");
    pub const ENQUEUED: Metric = Metric::count("CustomersEnqueued");
    pub const SKIPPED: Metric = Metric::count("CustomersSkipped");
    pub const REJECTED: Metric = Metric::count("CustomersRejected");
    /// Pages of which at least the beginning was read.
    pub const PAGES: Metric = Metric::count("SourcePages");
    /// How long a whole run took, once it is completed.
    pub const DURATION: Metric = Metric::milliseconds("RunDuration");
    /// 1 for a completed run, 0 for one that ended early; absent while a run continues.
    pub const COMPLETED: Metric = Metric::count("RunCompleted");

    pub const ALL: [Metric; 7] = [FETCHED, ENQUEUED, SKIPPED, REJECTED, PAGES, DURATION, COMPLETED];
}

/// Publishes what this invocation did of `run`: its progress, less what there was `before`.
///
/// A run of chosen customers publishes its counts, but neither a completion nor a failure: an alarm waits for the run over
/// all customers.
pub(crate) fn publish(
    run: &Run,
    before: &Progress,
    summary: &Summary,
    succeeded: bool,
    invocation: Invocation<'_>,
    metrics: &Metrics,
) {
    if run.dry_run {
        return;
    }
    let progress = &summary.progress;
    let completed = succeeded && !summary.continued;
    let share = |total: fn(&Progress) -> u64| MetricValue::One(total(progress).saturating_sub(total(before)));
    let mut values = vec![
        (metric::FETCHED, share(|progress| progress.fetched)),
        (metric::ENQUEUED, share(|progress| progress.enqueued)),
        (metric::SKIPPED, share(|progress| progress.skipped)),
        (metric::REJECTED, share(|progress| progress.rejected)),
        (metric::PAGES, share(|progress| progress.pages)),
    ];
    if run.is_of_all() && !summary.continued {
        values.push((metric::COMPLETED, MetricValue::One(u64::from(completed))));
    }
    if run.is_of_all() && completed {
        values.push((metric::DURATION, MetricValue::One(progress.elapsed_ms)));
    }
    metrics.write(invocation.request_id, &values);
}

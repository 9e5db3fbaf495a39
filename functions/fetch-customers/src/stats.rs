//! What a run has come to, told once per invocation: in the log and as metrics.

use shared::{
    lambda::invocation::Invocation,
    lambda::metrics::{Metric, MetricValue, Metrics},
};

use crate::{
    handler::RunError,
    run::{Run, Summary},
};

/// The metrics of this function. An invocation has its own share of a run in them, not the run's totals, so that sums
/// are right however many it takes; and a dry run, which puts nothing on the queue, is in none of them.
pub mod metric {
    use super::Metric;

    /// Customers that were read.
    pub const FETCHED: Metric = Metric::count("CustomersFetched");
    /// Of them, put on the queue.
    pub const ENQUEUED: Metric = Metric::count("CustomersEnqueued");
    /// Of them, not asked for.
    pub const SKIPPED: Metric = Metric::count("CustomersSkipped");
    /// Of them, what no message can hold.
    pub const REJECTED: Metric = Metric::count("CustomersRejected");
    /// Pages that were read, or begun.
    pub const PAGES: Metric = Metric::count("SourcePages");
    /// How long a whole run took, once it is completed.
    pub const DURATION: Metric = Metric::milliseconds("RunDuration");
    /// 1 where a whole run was completed, 0 where one ended early; absent while it goes on.
    pub const COMPLETED: Metric = Metric::count("RunCompleted");

    /// All of them.
    pub const ALL: [Metric; 7] = [FETCHED, ENQUEUED, SKIPPED, REJECTED, PAGES, DURATION, COMPLETED];
}

/// The invocation's one line in the log. It has the totals of the run so far.
pub(crate) fn log(books: &Summary, why: Option<&RunError>, invocation: Invocation<'_>) {
    macro_rules! line {
        ($level:ident, $message:literal) => {
            tracing::$level!(
                request_id = invocation.request_id,
                xray_trace_id = invocation.trace_id(),
                order_date = %books.order_date,
                pages = books.pages,
                fetched = books.fetched,
                enqueued = books.enqueued,
                skipped = books.skipped,
                rejected = books.rejected,
                repeated = books.repeated,
                dry_run = books.dry_run,
                elapsed_ms = books.elapsed_ms,
                reason = why.map(tracing::field::display),
                $message
            )
        };
    }
    if why.is_some() {
        line!(error, "run ended early")
    } else if books.continued {
        line!(info, "run goes on in another invocation")
    } else {
        line!(info, "run completed")
    }
}

/// What this invocation did of `run`, to CloudWatch: `books`, without what stood in them `before`.
///
/// A run of chosen customers counts them, but is neither a completed run nor a failed one: it must not pass for the
/// one over all customers that an alarm waits for.
pub(crate) fn publish(
    run: &Run,
    before: &Summary,
    books: &Summary,
    is_completed: bool,
    invocation: Invocation<'_>,
    metrics: &Metrics,
) {
    if run.dry_run {
        return;
    }
    let share = |total: fn(&Summary) -> u64| MetricValue::One(total(books).saturating_sub(total(before)));
    let mut values = vec![
        (metric::FETCHED, share(|books| books.fetched)),
        (metric::ENQUEUED, share(|books| books.enqueued)),
        (metric::SKIPPED, share(|books| books.skipped)),
        (metric::REJECTED, share(|books| books.rejected)),
        (metric::PAGES, share(|books| books.pages)),
    ];
    if run.is_of_all() && !books.continued {
        values.push((metric::COMPLETED, MetricValue::One(u64::from(is_completed))));
    }
    if run.is_of_all() && is_completed {
        values.push((metric::DURATION, MetricValue::One(books.elapsed_ms)));
    }
    metrics.write(invocation.request_id, &values);
}

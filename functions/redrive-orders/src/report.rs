//! The answer to a request: what was counted, and what it adds up to.

mod breakdown;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    limits::StopReason,
    request::{Action, Request},
};
pub use breakdown::{Breakdown, ByAge, Example};

/// What a sweep counts.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Dead letters that were examined, each counted once.
    pub examined: usize,
    /// Of them, those that match the request, up to its limit.
    pub matched: usize,
    /// The matching ones, by reason, age and order date.
    pub breakdown: Breakdown,
    /// Of them, those whose copy SQS confirmed.
    pub copied: usize,
    /// Of them, those whose deletion SQS confirmed.
    pub deleted: usize,
    /// Of the received ones, those that are not confirmed to be visible again.
    pub hidden: usize,
}

/// What became of the dead letters: `examined = redriven + discarded + left`, and unless it is a dry run
/// `matched = redriven + discarded + failed`. Each of the three `by_` counts adds up to `matched`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub action: Action,
    /// Whether nothing was to be changed.
    pub dry_run: bool,
    pub examined: usize,
    /// Of them, those that match the request, up to its limit.
    pub matched: usize,
    /// Of them, those that were copied to the customer queue.
    pub redriven: usize,
    /// Of them, those that were deleted for good.
    pub discarded: usize,
    /// Examined, but neither redriven nor discarded: they are still dead letters.
    pub left: usize,
    /// Of those left, the ones that were to be redriven or discarded.
    pub failed: usize,
    /// Of those redriven, the ones that may still be dead letters too. A second copy makes no second order.
    pub undeleted: usize,
    /// Dead letters that may not be visible again before the function's timeout is over.
    pub hidden: usize,
    /// Those that matched, by reason.
    pub by_reason: BTreeMap<&'static str, usize>,
    /// By how long SQS has kept them.
    pub by_age: ByAge,
    /// By order date: the 50 most frequent, the rest as `other`, those without one as `none`.
    pub by_order_date: BTreeMap<String, usize>,
    /// Up to three of each reason.
    pub examples: Vec<Example>,
    /// Whether all visible dead letters were examined.
    pub complete: bool,
    /// What else a person should know, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    pub elapsed_ms: u64,
}

impl Summary {
    /// Adds up the counts of a sweep. `stop` is why it stopped before it found the queue empty.
    pub fn new(
        request: &Request,
        counts: &Counts,
        stop: Option<StopReason>,
        is_complete: bool,
        elapsed_ms: u64,
    ) -> Self {
        let (redriven, discarded) = match request.action {
            Action::Redrive => (counts.copied, 0),
            Action::Discard => (0, counts.deleted),
        };
        let done = redriven + discarded;
        let mut summary = Self {
            action: request.action,
            dry_run: request.dry_run,
            examined: counts.examined,
            matched: counts.matched,
            redriven,
            discarded,
            left: counts.examined - done,
            failed: if request.dry_run { 0 } else { counts.matched - done },
            undeleted: done - counts.deleted,
            hidden: counts.hidden,
            by_reason: counts.breakdown.by_reason().clone(),
            by_age: counts.breakdown.by_age(),
            by_order_date: counts.breakdown.by_order_date(),
            examples: counts.breakdown.examples().to_vec(),
            complete: is_complete,
            notes: Vec::new(),
            elapsed_ms,
        };
        summary.notes = summary.notes(stop);
        summary
    }

    fn notes(&self, stop: Option<StopReason>) -> Vec<String> {
        let next = if self.dry_run {
            "there may be more dead letters than are counted here"
        } else {
            "there may be more: invoke it again to continue"
        };
        let mut notes = Vec::new();
        notes.extend(stop.map(|stop| match stop {
            StopReason::Limit => format!("the limit was reached: {next}"),
            StopReason::Time => format!("the function's time was nearly up: {next}"),
            StopReason::NewArrivals => format!("new dead letters keep arriving: {next}"),
            StopReason::InFlight => format!("no more messages can be in flight: {next}"),
        }));
        if self.failed > 0 {
            let done = match self.action {
                Action::Redrive => "redriven",
                Action::Discard => "discarded",
            };
            notes.push(format!(
                "{} that matched were not {done}: invoke it again",
                self.failed
            ));
        }
        if self.undeleted > 0 {
            notes.push(format!(
                "{} were redriven, but may still be dead letters too: invoke it again; a second copy makes no second \
                 order",
                self.undeleted
            ));
        }
        if self.hidden > 0 {
            notes.push(format!(
                "{} may become visible again only when the function's timeout is over",
                self.hidden
            ));
        }
        notes
    }
}

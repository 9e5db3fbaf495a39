//! The summary that answers a request.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{
    counts::{ByAge, Counts, Example},
    limits::Stop,
    request::{Action, Request},
    sweep::Swept,
};

/// What is counted on the way.
#[derive(Debug, Clone, Default)]
pub struct Books {
    /// Dead letters that were looked at, each once.
    pub examined: usize,
    /// Of them, those that the request is about, up to its limit.
    pub matched: usize,
    /// What these have in common.
    pub counts: Counts,
    /// Of them, those whose copy SQS confirmed.
    pub copied: usize,
    /// Of them, those whose end SQS confirmed.
    pub deleted: usize,
    /// Of what was received, those that are not known to be visible again.
    pub hidden: usize,
}

/// What became of the dead letters: `examined = redriven + discarded + left`, and in what is no dry run
/// `matched = redriven + discarded + failed`. Each of the three counts adds up to `matched`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// What was asked for.
    pub action: Action,
    /// Whether nothing was changed because nothing was to be.
    pub dry_run: bool,
    /// Dead letters that were looked at.
    pub examined: usize,
    /// Of them, those that the request is about, up to its limit.
    pub matched: usize,
    /// Of them, put back on the customer queue.
    pub redriven: usize,
    /// Of them, deleted for good.
    pub discarded: usize,
    /// Looked at, and neither of the two: still dead letters.
    pub left: usize,
    /// Of what is left, those that were to be redriven or discarded.
    pub failed: usize,
    /// Of what was redriven, those that may still be dead letters too. A second copy makes no second order.
    pub undeleted: usize,
    /// Dead letters that may not be visible again before the function's time-out is over.
    pub hidden: usize,
    /// Those that matched, by reason.
    pub by_reason: BTreeMap<&'static str, usize>,
    /// By how long SQS has kept them.
    pub by_age: ByAge,
    /// By order date: the 50 most frequent, the rest as `other`, those without one as `none`.
    pub by_order_date: BTreeMap<String, usize>,
    /// Up to three of each reason.
    pub examples: Vec<Example>,
    /// Whether all visible dead letters were looked at.
    pub complete: bool,
    /// What a person should know of the rest, a sentence each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// How long it took.
    pub elapsed_ms: u64,
}

impl Summary {
    /// Adds up.
    #[must_use]
    pub fn new(request: &Request, swept: &Swept, elapsed_ms: u64) -> Self {
        let books = &swept.books;
        let (redriven, discarded) = match request.action {
            Action::Redrive => (books.copied, 0),
            Action::Discard => (0, books.deleted),
        };
        let done = redriven + discarded;
        let mut summary = Self {
            action: request.action,
            dry_run: request.dry_run,
            examined: books.examined,
            matched: books.matched,
            redriven,
            discarded,
            left: books.examined - done,
            failed: if request.dry_run { 0 } else { books.matched - done },
            undeleted: done - books.deleted,
            hidden: books.hidden,
            by_reason: books.counts.by_reason().clone(),
            by_age: books.counts.by_age(),
            by_order_date: books.counts.by_order_date(),
            examples: books.counts.examples().to_vec(),
            complete: swept.stop.is_none() && swept.failure.is_none(),
            notes: Vec::new(),
            elapsed_ms,
        };
        summary.notes = summary.notes(swept.stop);
        summary
    }

    fn notes(&self, stop: Option<Stop>) -> Vec<String> {
        let go_on = if self.dry_run {
            "there may be more than are counted here"
        } else {
            "there may be more: invoke it again to go on"
        };
        let mut notes = Vec::new();
        notes.extend(stop.map(|stop| match stop {
            Stop::Limit => format!("its limit was reached: {go_on}"),
            Stop::Time => format!("its time was nearly up: {go_on}"),
            Stop::NewArrivals => format!("new dead letters keep coming: {go_on}"),
            Stop::InFlight => format!("so many were looked at as SQS can hide at a time: {go_on}"),
        }));
        if self.failed > 0 {
            notes.push(format!(
                "{} that matched are still dead letters: invoke it again",
                self.failed
            ));
        }
        if self.undeleted > 0 {
            notes.push(format!(
                "{} are on the customer queue, but may be dead letters too: invoke it again; a second copy makes no \
                 second order",
                self.undeleted
            ));
        }
        if self.hidden > 0 {
            notes.push(format!(
                "{} may be visible again only when the function's time-out is over",
                self.hidden
            ));
        }
        notes
    }
}

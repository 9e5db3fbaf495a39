//! What is reported of a batch: its statistics, and the messages that stay on the queue.

use std::{collections::BTreeSet, time::Duration};

use shared::sqs::VisibilityChange;

use crate::{
    handler::{
        event::{BatchResponse, ItemFailure, Record},
        stats::InvocationStats,
    },
    verdict::Verdict,
};

/// What became of a message, and for how long it stays invisible where it stays on the queue.
pub(crate) struct Settled {
    pub(crate) verdict: Verdict,
    pub(crate) delay: Option<Duration>,
}

#[derive(Default)]
pub(crate) struct Batch<'a> {
    pub(crate) stats: InvocationStats,
    pub(crate) changes: Vec<VisibilityChange>,
    /// SQS delivers at least once: a message may be in the batch twice, and is named once.
    failed: BTreeSet<&'a str>,
    id_is_missing: bool,
}

/// A message must stay on the queue, but has no id that could be reported.
pub(crate) struct IdIsMissing;

impl<'a> Batch<'a> {
    pub(crate) fn record(&mut self, record: &'a Record<'_>, settled: &Settled) {
        self.stats.record(&settled.verdict);
        let Some(delay) = settled.delay else { return };
        match record.message_id() {
            Some(id) => _ = self.failed.insert(id),
            None => self.id_is_missing = true,
        }
        self.changes
            .extend(record.receipt_handle().map(|receipt_handle| VisibilityChange {
                receipt_handle: receipt_handle.to_owned(),
                delay,
            }));
    }

    pub(crate) fn into_response(self) -> Result<BatchResponse, IdIsMissing> {
        if self.id_is_missing {
            return Err(IdIsMissing);
        }
        let item_failure = |id: &str| ItemFailure {
            item_identifier: id.to_owned(),
        };
        Ok(BatchResponse {
            batch_item_failures: self.failed.into_iter().map(item_failure).collect(),
        })
    }
}

//! Messages whose retention on the queue ends before another attempt.

use std::time::{Duration, SystemTime};

use super::event::Record;
use crate::verdict::{Reason, Rejection, Verdict};

/// How long before the queue deletes a message it must be visible again: longer than the queue's own visibility timeout
/// (a test compares it with `template.yaml`), which applies where no other can be set.
pub const EXPIRY_MARGIN: Duration = Duration::from_secs(15 * 60);

/// Whether the queue would delete the message before it could be attempted again: it is visible from `visible_at` on.
pub(super) fn expires_before(record: &Record<'_>, retention: Duration, visible_at: SystemTime) -> bool {
    let expiry = record.sent().and_then(|sent| sent.checked_add(retention));
    expiry.is_some_and(|expiry| visible_at + EXPIRY_MARGIN >= expiry)
}

/// The rejection of a message that stays on the queue with this verdict for too long.
pub(super) fn expired(verdict: &Verdict) -> Rejection {
    let expired = |last_attempt: &str| {
        let detail =
            format!("the queue's retention ends before another attempt; the last one: {last_attempt}");
        Rejection::new(Reason::Expired, detail)
    };
    match verdict {
        Verdict::Retried(retry) => {
            let rejection = expired(&retry.detail);
            Rejection {
                http_status: retry.http_status,
                error_code: retry.error_code.clone(),
                quote: retry
                    .quote
                    .as_ref()
                    .map(|quote| format!("{}: {quote}", rejection.detail)),
                ..rejection
            }
        }
        Verdict::Deferred(deferral) => expired(deferral.detail()),
        Verdict::Delivered { .. } | Verdict::Rejected(_) => expired("none"),
    }
}

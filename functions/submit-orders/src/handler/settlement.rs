//! A verdict is carried out: the message is dead-lettered, or stays on the queue until its next attempt.

use std::time::Duration;

use shared::{domain::order_context::OrderContext, http::backoff, lambda::invocation::minus_margin};
use tokio::time::Instant;

use super::{
    Handler,
    batch::Settled,
    event::Record,
    expiry::{expired, expires_before},
    log_events::VerdictLog,
};
use crate::{
    submission::WRAP_UP,
    verdict::{Deferral, Reason, Rejection, Retry, RetryReason, Verdict},
};

/// An order that the destination blocks this often while it accepts others is rejected. The first four attempts span some
/// minutes: a firewall's rule that was a mistake may be gone by then.
const MAX_BLOCKED: u64 = 5;

/// A message that was submitted, and whose verdict is to be carried out.
pub(super) struct Submitted<'a> {
    pub(super) record: &'a Record<'a>,
    pub(super) context: OrderContext,
    pub(super) verdict: Verdict,
}

impl Submitted<'_> {
    /// Whether the order is blocked for the fifth time or more: what became of the others decides whether it is rejected.
    pub(super) fn depends_on_others(&self) -> bool {
        let is_blocked =
            matches!(&self.verdict, Verdict::Retried(retry) if retry.reason == RetryReason::OrderBlocked);
        is_blocked
            && self
                .record
                .receives()
                .is_some_and(|receives| receives >= MAX_BLOCKED)
    }
}

impl Handler {
    /// Rejects a blocked order while the destination accepts others; else it is retried: perhaps all are blocked.
    pub(super) fn reject_if_blocked_alone<'a>(&self, mut submitted: Submitted<'a>) -> Submitted<'a> {
        if let Verdict::Retried(retry) = &submitted.verdict
            && self.submission.is_blocked_alone(&submitted.context)
        {
            let receives = submitted.record.receives().unwrap_or_default();
            let detail = format!("{} at attempt {receives}, but accepts other orders", retry.detail);
            submitted.verdict = Verdict::Rejected(Rejection {
                quote: retry.quote.as_ref().map(|quote| format!("{detail}: {quote}")),
                http_status: retry.http_status,
                error_code: retry.error_code.clone(),
                ..Rejection::new(Reason::RejectedByDestination, detail)
            });
        }
        submitted
    }

    /// Carries out the verdict on a message.
    pub(super) async fn settle(
        &self,
        submitted: Submitted<'_>,
        started: Instant,
        deadline: Instant,
    ) -> Settled {
        let Submitted {
            record,
            context,
            mut verdict,
        } = submitted;
        let deadline = minus_margin(deadline, WRAP_UP / 2);
        let mut rejection = None;
        if let Verdict::Rejected(rejected) = verdict {
            let rejected = Box::new(rejected);
            verdict = self.dead_letter(record, &context, &rejected, deadline).await;
            rejection = Some(rejected);
        }
        let mut delay = delay(record, &verdict, started);
        if delay
            .is_some_and(|delay| expires_before(record, self.queue_retention, (self.wall_clock)() + delay))
        {
            // A message that was rejected has its reason: that its dead letter failed before is none.
            let rejection = rejection.unwrap_or_else(|| Box::new(expired(&verdict)));
            verdict = self.dead_letter(record, &context, &rejection, deadline).await;
            delay = matches!(verdict, Verdict::Retried(_)).then_some(Duration::ZERO);
        }
        let log = VerdictLog {
            record,
            context: &context,
            delay: delay.unwrap_or_default(),
            error_text: self.log_error_text,
        };
        log.write(&verdict);
        Settled { verdict, delay }
    }

    /// Dead-letters a message. It is rejected only when SQS has confirmed the copy; otherwise it is retried.
    async fn dead_letter(
        &self,
        record: &Record<'_>,
        context: &OrderContext,
        rejection: &Rejection,
        deadline: Instant,
    ) -> Verdict {
        let body = record.body();
        // In a box, since it is large and rare: otherwise the future of every message had to hold it.
        match Box::pin(self.dead_letters.send(body, context, rejection, deadline)).await {
            Ok(()) => Verdict::Rejected(rejection.clone()),
            Err(error) => {
                let reason = rejection.reason.as_str();
                let detail = format!("the message could not be dead-lettered as {reason}: {error}");
                Verdict::Retried(Retry::new(RetryReason::DeadLetterFailed, detail))
            }
        }
    }
}

/// # Returns
/// `None` where the message does not stay on the queue.
fn delay(record: &Record<'_>, verdict: &Verdict, started: Instant) -> Option<Duration> {
    let min_delay = match verdict {
        Verdict::Delivered { .. } | Verdict::Rejected(_) => return None,
        // Nothing failed: another invocation can attempt it now.
        Verdict::Deferred(Deferral::OutOfTime) => return Some(Duration::ZERO),
        Verdict::Deferred(Deferral::CircuitOpen { min_delay }) => *min_delay,
        Verdict::Retried(retry) => retry.min_delay,
    };
    let receives = u32::try_from(record.receives().unwrap_or(1)).unwrap_or(u32::MAX);
    Some(backoff::delay(
        receives,
        min_delay,
        fastrand::f64(),
        started.elapsed(),
    ))
}

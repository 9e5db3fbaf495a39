//! One invocation: a batch of messages, and the books that are kept of it.

pub mod event;
mod log_events;
pub mod stats;

use std::{
    collections::BTreeSet,
    num::NonZeroUsize,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use futures::{FutureExt, StreamExt, stream};
use lambda_runtime::Diagnostic;
use serde_json::value::RawValue;
use shared::{
    clock::WallClock,
    domain::order_context::OrderContext,
    http::backoff::delay,
    lambda::invocation::{Invocation, diagnostic},
    lambda::metrics::Metrics,
};
use tokio::time::Instant;

use crate::{
    dead_letter::DeadLetterQueue,
    handler::event::{BatchResponse, Event, ItemFailure, Record},
    handler::log_events::{log_delivered, log_received, log_rejected, log_retry},
    handler::stats::{Books, Settled},
    meter::Meter,
    submission::{Submission, WRAP_UP},
    verdict::{Cause, Reason, Rejection, Retry, Verdict},
    visibility::{CustomerQueue, VisibilityChange},
};

/// How long before the queue deletes a message it must have been seen again: longer than the queue's own
/// visibility time-out (a test compares it with `template.yaml`), which applies where no other can be set.
pub const EXPIRY_MARGIN: Duration = Duration::from_secs(15 * 60);

/// The answer leaves the function at least so long before its deadline.
const ANSWER_MARGIN: Duration = Duration::from_secs(1);

/// The function, set up.
pub struct Handler {
    /// Makes orders of messages.
    pub submission: Submission,
    /// Where the messages come from.
    pub queue: CustomerQueue,
    /// After how long that queue deletes a message.
    pub queue_retention: Duration,
    /// Where rejected messages go.
    pub dead_letters: DeadLetterQueue,
    /// How many messages are handled at once.
    pub max_in_flight: NonZeroUsize,
    /// The time of day.
    pub wall_clock: WallClock,
    /// What the parts above measure.
    pub meter: Arc<Meter>,
    /// Where it is told, with the books.
    pub metrics: Metrics,
}

/// The invocation as a whole failed: Lambda returns all its messages to the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HandlerError {
    /// The input is not what an SQS event source mapping sends. Its text is not repeated here.
    #[error(
        "the input is not an SQS event: this function is invoked by the event source mapping of its queue; to \
         try it by hand, send what infra/events/two-messages.json shows"
    )]
    NotAnSqsEvent,
    /// A message must stay on the queue, but has no id to say so with.
    #[error("a message without an id must be tried again: the whole batch is returned to the queue")]
    NoMessageId,
}

impl From<HandlerError> for Diagnostic {
    fn from(error: HandlerError) -> Self {
        let error_type = match error {
            HandlerError::NotAnSqsEvent => "NotAnSqsEvent",
            HandlerError::NoMessageId => "NoMessageId",
        };
        diagnostic(error_type, &error)
    }
}

impl Handler {
    /// Handles a batch before the invocation's deadline.
    ///
    /// # Returns
    /// The messages that stay on the queue, each once.
    ///
    /// # Errors
    /// [`HandlerError`]. Whatever was posted is found there again (409) when the messages come back.
    pub async fn handle(
        &self,
        event: &RawValue,
        invocation: Invocation<'_>,
    ) -> Result<BatchResponse, HandlerError> {
        let deadline = invocation.deadline;
        let event: Event<'_> = serde_json::from_str(event.get()).map_err(|_| HandlerError::NotAnSqsEvent)?;
        let began = Instant::now();
        let mut settled = stream::iter(&event.records)
            .map(|record| async move { (record, self.settle(record, began, deadline).await) })
            .buffer_unordered(self.max_in_flight.get());

        let mut books = Books::default();
        // A message may be there twice: SQS delivers at least once.
        let mut failed = BTreeSet::new();
        let mut returned = Vec::new();
        let mut nameless = false;
        while let Some((record, settled)) = settled.next().await {
            books.enter(&settled);
            if let Settled::Returned { delay, .. } = settled {
                match record.message_id() {
                    Some(id) => _ = failed.insert(id),
                    None => nameless = true,
                }
                returned.extend(record.receipt_handle().map(|receipt_handle| VisibilityChange {
                    receipt_handle: receipt_handle.to_owned(),
                    delay,
                }));
            }
        }
        drop(settled);
        if !returned.is_empty() {
            let deadline = before(deadline, ANSWER_MARGIN);
            self.queue.change_visibility(returned, deadline).await;
        }
        let measured = self.meter.take();
        books.log(&measured, invocation, began);
        books.publish(&measured, invocation, &self.metrics);
        if nameless {
            return Err(HandlerError::NoMessageId);
        }
        let item_failure = |id: &str| ItemFailure {
            item_identifier: id.to_owned(),
        };
        Ok(BatchResponse {
            batch_item_failures: failed.into_iter().map(item_failure).collect(),
        })
    }

    /// Does all that is to be done with one message. A panic on the way is this message's alone.
    async fn settle(&self, record: &Record<'_>, began: Instant, deadline: Instant) -> Settled {
        log_received(record);
        let body = record.body();
        let submitted = AssertUnwindSafe(self.submission.submit(body, deadline))
            .catch_unwind()
            .await;
        let (about, verdict) = submitted.unwrap_or_else(|_| {
            let retry = Retry {
                cause: Cause::Panicked,
                detail: "the code panicked: this is a bug, please report it".to_owned(),
                http_status: None,
                min_delay: Duration::ZERO,
            };
            (OrderContext::default(), Verdict::Retry(retry))
        });
        let until = before(deadline, WRAP_UP / 2);
        let mut retry = match verdict {
            Verdict::Delivered { duplicate } => {
                log_delivered(record, &about, duplicate);
                return if duplicate {
                    Settled::Duplicate
                } else {
                    Settled::Delivered
                };
            }
            Verdict::Rejected(rejection) => {
                match self.reject(record, body, &about, &rejection, until).await {
                    Ok(()) => return Settled::Rejected,
                    Err(retry) => retry,
                }
            }
            Verdict::Retry(retry) => retry,
        };
        if retry.cause == Cause::Misconfigured {
            self.meter.misconfigured();
        }
        let mut delay = self.delay(record, &retry, began);
        if self.expires_within(record, delay) {
            let rejection = Rejection {
                reason: Reason::Expired,
                detail: format!(
                    "the queue's retention ends before another try; the last one: {}",
                    retry.detail
                ),
                http_status: retry.http_status,
            };
            match self.reject(record, body, &about, &rejection, until).await {
                Ok(()) => return Settled::Rejected,
                Err(not_copied) => {
                    retry = not_copied;
                    delay = Duration::ZERO;
                }
            }
        }
        log_retry(record, &about, &retry, delay);
        Settled::Returned {
            cause: retry.cause,
            delay,
        }
    }

    /// Lays a message down. It is done only when SQS has confirmed the copy.
    async fn reject(
        &self,
        record: &Record<'_>,
        body: &str,
        about: &OrderContext,
        rejection: &Rejection,
        until: Instant,
    ) -> Result<(), Retry> {
        // In a box, since it is large and rare: every message's future has room for all that it may hold.
        match Box::pin(self.dead_letters.put(body, about, rejection, until)).await {
            Ok(()) => {
                log_rejected(record, about, rejection);
                Ok(())
            }
            Err(error) => Err(Retry {
                cause: Cause::DeadLetterError,
                detail: format!("to be rejected as {}, but: {error}", rejection.reason.as_str()),
                http_status: None,
                min_delay: Duration::ZERO,
            }),
        }
    }

    fn delay(&self, record: &Record<'_>, retry: &Retry, began: Instant) -> Duration {
        match retry.cause {
            // Nothing is wrong with anybody: another invocation can take it now.
            Cause::OutOfTime => Duration::ZERO,
            Cause::Transient
            | Cause::Unreachable
            | Cause::Misconfigured
            | Cause::CircuitOpen
            | Cause::DeadLetterError
            | Cause::Panicked => {
                let receives = u32::try_from(record.receives().unwrap_or(1)).unwrap_or(u32::MAX);
                delay(receives, retry.min_delay, fastrand::f64(), began.elapsed())
            }
        }
    }

    /// Whether the queue would delete the message before it could be seen and handled again.
    fn expires_within(&self, record: &Record<'_>, delay: Duration) -> bool {
        let Some(sent) = record.sent() else {
            return false;
        };
        let expiry = UNIX_EPOCH + sent.saturating_add(self.queue_retention);
        let now: SystemTime = (self.wall_clock)();
        now + delay + EXPIRY_MARGIN >= expiry
    }
}

fn before(deadline: Instant, margin: Duration) -> Instant {
    deadline.checked_sub(margin).unwrap_or(deadline)
}

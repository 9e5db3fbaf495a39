//! One invocation: a batch of messages, and its statistics.

pub mod event;
mod log_events;
pub mod stats;

use std::{
    collections::BTreeSet,
    io,
    num::NonZeroUsize,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_config::SdkConfig;
use futures::{FutureExt, StreamExt, stream};
use lambda_runtime::Diagnostic;
use serde_json::value::RawValue;
use shared::{
    clock::WallClock,
    domain::order_context::OrderContext,
    http::{HttpClient, Tls, backoff},
    lambda::invocation::{Invocation, diagnostic},
    lambda::metrics::Metrics,
    sqs::VisibilityChange,
};
use tokio::time::Instant;

use crate::{
    config::Config,
    destination::{OrderApi, call_stats::CallRecorder, oauth::Tokens, transport::Transport},
    handler::{
        event::{BatchResponse, Event, ItemFailure, Record},
        log_events::{log_received, log_verdict},
        stats::InvocationStats,
    },
    queue::{DeadLetterQueue, SourceQueue},
    submission::{Submission, WRAP_UP},
    verdict::{Deferral, Reason, Rejection, Retry, RetryReason, Verdict},
};

/// How long before the queue deletes a message it must be visible again: longer than the queue's own visibility timeout
/// (a test compares it with `template.yaml`), which applies where no other can be set.
pub const EXPIRY_MARGIN: Duration = Duration::from_secs(15 * 60);

/// The answer leaves the function at least so long before its deadline.
const ANSWER_MARGIN: Duration = Duration::from_secs(1);

pub struct Handler {
    pub submission: Submission,
    calls: Arc<CallRecorder>,
    queue: SourceQueue,
    queue_retention: Duration,
    dead_letters: DeadLetterQueue,
    max_in_flight: NonZeroUsize,
    wall_clock: WallClock,
    metrics: Metrics,
}

/// The invocation as a whole failed: Lambda returns all its messages to the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HandlerError {
    /// The input is not what an SQS event source mapping sends. Its text is not repeated here.
    #[error(
        "the input is not an SQS event: this function is invoked by the event source mapping of its queue; to invoke \
         it by hand, use an event such as infra/events/two-messages.json"
    )]
    NotAnSqsEvent,
    /// A message must stay on the queue, but has no id that could be reported.
    #[error("a message that must be retried has no messageId: the whole batch is returned to the queue")]
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

/// What became of a message, and for how long it stays invisible where it stays on the queue.
struct Settled {
    verdict: Verdict,
    delay: Option<Duration>,
}

impl Handler {
    /// Sets the function up. `metrics_to` receives its metrics.
    pub fn new(
        config: Config,
        aws: &SdkConfig,
        transport: Arc<dyn Transport>,
        wall_clock: WallClock,
        metrics_to: impl io::Write + Send + 'static,
    ) -> Self {
        let calls = Arc::new(CallRecorder::default());
        let sqs = aws_sdk_sqs::Client::new(aws);
        let tokens = Tokens::new(
            config.auth,
            aws_sdk_secretsmanager::Client::new(aws),
            Arc::clone(&transport),
            Arc::clone(&wall_clock),
            Arc::clone(&calls),
        );
        let destination = OrderApi::new(
            config.destination,
            tokens,
            transport,
            Arc::clone(&wall_clock),
            Arc::clone(&calls),
        );
        Self {
            submission: Submission::new(destination, config.one_order_per),
            calls,
            queue: SourceQueue::new(sqs.clone(), config.queue_url),
            queue_retention: config.queue_retention,
            dead_letters: DeadLetterQueue::new(sqs, config.dead_letter_queue_url),
            max_in_flight: config.max_in_flight,
            wall_clock,
            metrics: Metrics::new(config.metrics, metrics_to),
        }
    }

    /// Sets the function up as Lambda runs it: configuration from the environment, the real network and clock.
    ///
    /// # Errors
    /// The configuration is invalid, or the system has no root certificates.
    pub async fn from_environment() -> Result<Self, lambda_runtime::Error> {
        let config = Config::read(&shared::config::environment)?;
        let http = HttpClient::new(&Tls::from_system()?, |builder| builder)?;
        Ok(Self::new(
            config,
            &shared::aws::load(http.clone()).await,
            Arc::new(http),
            shared::clock::system(),
            io::stdout(),
        ))
    }

    /// Handles a batch before the invocation's deadline.
    ///
    /// # Returns
    /// The messages that stay on the queue, each once.
    ///
    /// # Errors
    /// [`HandlerError`]. An order that was posted all the same is a duplicate (409) when its message returns.
    pub async fn handle(
        &self,
        event: &RawValue,
        invocation: Invocation<'_>,
    ) -> Result<BatchResponse, HandlerError> {
        let deadline = invocation.deadline;
        let event: Event<'_> = serde_json::from_str(event.get()).map_err(|_| HandlerError::NotAnSqsEvent)?;
        let started = Instant::now();
        let mut settled = stream::iter(&event.records)
            .map(|record| async move { (record, self.settle(record, started, deadline).await) })
            .buffer_unordered(self.max_in_flight.get());

        let mut stats = InvocationStats::default();
        // SQS delivers at least once: a message may be in the batch twice.
        let mut failed = BTreeSet::new();
        let mut changes = Vec::new();
        let mut id_is_missing = false;
        while let Some((record, settled)) = settled.next().await {
            stats.record(&settled.verdict);
            let Some(delay) = settled.delay else { continue };
            match record.message_id() {
                Some(id) => _ = failed.insert(id),
                None => id_is_missing = true,
            }
            changes.extend(record.receipt_handle().map(|receipt_handle| VisibilityChange {
                receipt_handle: receipt_handle.to_owned(),
                delay,
            }));
        }
        drop(settled);
        if !changes.is_empty() {
            let deadline = minus_margin(deadline, ANSWER_MARGIN);
            self.queue.change_visibility(changes, deadline).await;
        }
        let calls = self.calls.take();
        stats.log(&calls, invocation, started);
        stats.publish(&calls, invocation, &self.metrics);
        if id_is_missing {
            return Err(HandlerError::NoMessageId);
        }
        let item_failure = |id: &str| ItemFailure {
            item_identifier: id.to_owned(),
        };
        Ok(BatchResponse {
            batch_item_failures: failed.into_iter().map(item_failure).collect(),
        })
    }

    /// Submits one message and carries out its verdict. A panic on the way fails this message only.
    async fn settle(&self, record: &Record<'_>, started: Instant, deadline: Instant) -> Settled {
        log_received(record);
        let submitted = AssertUnwindSafe(self.submission.submit(record.body(), deadline))
            .catch_unwind()
            .await;
        let (context, mut verdict) = submitted.unwrap_or_else(|_| {
            let detail = "the code panicked: this is a bug, please report it".to_owned();
            let retry = Retry::new(RetryReason::Panicked, detail);
            (OrderContext::default(), Verdict::Retried(retry))
        });
        let deadline = minus_margin(deadline, WRAP_UP / 2);
        if let Verdict::Rejected(rejection) = verdict {
            verdict = self.dead_letter(record, &context, rejection, deadline).await;
        }
        let mut delay = delay(record, &verdict, started);
        if delay.is_some_and(|delay| self.expires_within(record, delay)) {
            verdict = self
                .dead_letter(record, &context, expired(&verdict), deadline)
                .await;
            delay = matches!(verdict, Verdict::Retried(_)).then_some(Duration::ZERO);
        }
        log_verdict(record, &context, &verdict, delay.unwrap_or_default());
        Settled { verdict, delay }
    }

    /// Dead-letters a message. It is rejected only when SQS has confirmed the copy; otherwise it is retried.
    async fn dead_letter(
        &self,
        record: &Record<'_>,
        context: &OrderContext,
        rejection: Rejection,
        deadline: Instant,
    ) -> Verdict {
        let body = record.body();
        // In a box, since it is large and rare: otherwise the future of every message had to hold it.
        match Box::pin(self.dead_letters.send(body, context, &rejection, deadline)).await {
            Ok(()) => Verdict::Rejected(rejection),
            Err(error) => {
                let reason = rejection.reason.as_str();
                let detail = format!("the message could not be dead-lettered as {reason}: {error}");
                Verdict::Retried(Retry::new(RetryReason::DeadLetterFailed, detail))
            }
        }
    }

    /// Whether the queue would delete the message before it could be visible again and attempted.
    fn expires_within(&self, record: &Record<'_>, delay: Duration) -> bool {
        let Some(sent) = record.sent() else {
            return false;
        };
        let expiry = UNIX_EPOCH + sent.saturating_add(self.queue_retention);
        let now: SystemTime = (self.wall_clock)();
        now + delay + EXPIRY_MARGIN >= expiry
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

/// The rejection of a message that stays on the queue with this verdict for too long.
fn expired(verdict: &Verdict) -> Rejection {
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

fn minus_margin(deadline: Instant, margin: Duration) -> Instant {
    deadline.checked_sub(margin).unwrap_or(deadline)
}

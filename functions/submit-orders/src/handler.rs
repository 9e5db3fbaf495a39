//! One invocation: a batch of messages, and its statistics; or a preflight check.

mod batch;
pub mod event;
pub mod expiry;
mod log_events;
pub mod preflight;
pub mod stats;

use std::{io, num::NonZeroUsize, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use aws_config::SdkConfig;
use futures::{FutureExt, StreamExt, stream};
use lambda_runtime::Diagnostic;
use serde_json::value::RawValue;
use shared::{
    clock::WallClock,
    domain::order_context::OrderContext,
    http::{HttpClient, Tls, backoff},
    lambda::{
        invocation::{ANSWER_MARGIN, Invocation, diagnostic, minus_margin},
        logging,
        metrics::Metrics,
    },
    preflight::InvalidCheckInput,
};
use tokio::time::Instant;

use crate::{
    config::Config,
    destination::{OrderApi, call_stats::CallRecorder, oauth::Tokens, transport::Transport},
    handler::{
        batch::{Batch, IdIsMissing, Settled},
        event::{BatchResponse, Event, Record},
        expiry::{expired, expires_before},
        log_events::{VerdictLog, log_received},
    },
    queue::{DeadLetterQueue, SourceQueue},
    submission::{Submission, WRAP_UP},
    verdict::{Deferral, Reason, Rejection, Retry, RetryReason, Verdict},
};

/// An order that the destination blocks this often while it accepts others is rejected. The first four attempts span some
/// minutes: a firewall's rule that was a mistake may be gone by then.
const MAX_BLOCKED: u64 = 5;

pub struct Handler {
    pub submission: Submission,
    calls: Arc<CallRecorder>,
    queue: SourceQueue,
    queue_retention: Duration,
    dead_letters: DeadLetterQueue,
    max_in_flight: NonZeroUsize,
    wall_clock: WallClock,
    log_error_text: bool,
    metrics: Metrics,
}

/// The invocation as a whole failed: Lambda returns all its messages to the queue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandlerError {
    /// The input is not what an SQS event source mapping sends. Its text is not repeated here.
    #[error(
        "the input is not an SQS event: this function is invoked by the event source mapping of its queue; to invoke \
         it by hand, use an event such as infra/events/two-messages.json"
    )]
    NotAnSqsEvent,
    /// Nothing was checked.
    #[error(transparent)]
    CheckInput(#[from] InvalidCheckInput),
    /// A message must stay on the queue, but has no id that could be reported.
    #[error("a message that must be retried has no messageId: the whole batch is returned to the queue")]
    NoMessageId,
}

impl From<HandlerError> for Diagnostic {
    fn from(error: HandlerError) -> Self {
        let error_type = match error {
            HandlerError::NotAnSqsEvent => "NotAnSqsEvent",
            HandlerError::CheckInput(_) => "InvalidCheckInput",
            HandlerError::NoMessageId => "NoMessageId",
        };
        diagnostic(error_type, &error)
    }
}

/// A message that was submitted, and whose verdict is to be carried out.
struct Submitted<'a> {
    record: &'a Record<'a>,
    context: OrderContext,
    verdict: Verdict,
}

impl Submitted<'_> {
    /// Whether the order is blocked for the fifth time or more: what became of the others decides whether it is rejected.
    fn depends_on_others(&self) -> bool {
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
            log_error_text: config.log_error_text,
            metrics: Metrics::new(config.metrics, metrics_to),
        }
    }

    /// Sets the function up as Lambda runs it: configuration from the environment, which says what is logged too; the real
    /// network and clock.
    ///
    /// # Errors
    /// The configuration is invalid, or the system has no root certificates.
    pub async fn from_environment() -> Result<Self, lambda_runtime::Error> {
        let config = Config::read(&shared::config::environment);
        logging::init(config.as_ref().is_ok_and(|config| config.log_customer_ids));
        let config = config?;
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
        let event = Event::parse(event).ok_or(HandlerError::NotAnSqsEvent)?;
        let started = Instant::now();
        let in_flight = self.max_in_flight.get();
        let mut submissions = stream::iter(&event.records)
            .map(|record| async move {
                let submitted = self.submit(record, deadline).await;
                if submitted.depends_on_others() {
                    return Err(submitted);
                }
                Ok((record, self.settle(submitted, started, deadline).await))
            })
            .buffer_unordered(in_flight);

        let mut batch = Batch::default();
        let mut blocked = Vec::new();
        while let Some(submission) = submissions.next().await {
            match submission {
                Ok((record, settled)) => batch.record(record, &settled),
                Err(submitted) => blocked.push(submitted),
            }
        }
        drop(submissions);
        // Now it is known what became of the others.
        let mut blocked = stream::iter(blocked)
            .map(|submitted| async move {
                let record = submitted.record;
                let submitted = self.reject_if_blocked_alone(submitted);
                (record, self.settle(submitted, started, deadline).await)
            })
            .buffer_unordered(in_flight);
        while let Some((record, settled)) = blocked.next().await {
            batch.record(record, &settled);
        }
        drop(blocked);

        let changes = std::mem::take(&mut batch.changes);
        if !changes.is_empty() {
            let deadline = minus_margin(deadline, ANSWER_MARGIN);
            self.queue.change_visibility(changes, deadline).await;
        }
        let calls = self.calls.take();
        batch.stats.log(&calls, invocation, started);
        batch.stats.publish(&calls, invocation, &self.metrics);
        batch
            .into_response()
            .map_err(|IdIsMissing| HandlerError::NoMessageId)
    }

    /// Submits one message. A panic on the way fails this message only.
    async fn submit<'a>(&self, record: &'a Record<'a>, deadline: Instant) -> Submitted<'a> {
        log_received(record);
        let submission = self
            .submission
            .submit(record.body(), record.first_received(), deadline);
        let submitted = AssertUnwindSafe(submission).catch_unwind().await;
        let (context, verdict) = submitted.unwrap_or_else(|_| {
            let detail = "the code panicked: this is a bug, please report it".to_owned();
            let retry = Retry::new(RetryReason::Panicked, detail);
            (OrderContext::default(), Verdict::Retried(retry))
        });
        Submitted {
            record,
            context,
            verdict,
        }
    }

    /// Rejects a blocked order while the destination accepts others; else it is retried: perhaps all are blocked.
    fn reject_if_blocked_alone<'a>(&self, mut submitted: Submitted<'a>) -> Submitted<'a> {
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
    async fn settle(&self, submitted: Submitted<'_>, started: Instant, deadline: Instant) -> Settled {
        let Submitted {
            record,
            context,
            mut verdict,
        } = submitted;
        let deadline = minus_margin(deadline, WRAP_UP / 2);
        if let Verdict::Rejected(rejection) = verdict {
            verdict = self.dead_letter(record, &context, rejection, deadline).await;
        }
        let mut delay = delay(record, &verdict, started);
        if delay
            .is_some_and(|delay| expires_before(record, self.queue_retention, (self.wall_clock)() + delay))
        {
            verdict = self
                .dead_letter(record, &context, expired(&verdict), deadline)
                .await;
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

//! One invocation: a batch of messages, and its statistics; or a preflight check.

mod batch;
pub mod event;
pub mod expiry;
mod log_events;
pub mod preflight;
mod settlement;
pub mod stats;

use std::{io, num::NonZeroUsize, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use aws_config::SdkConfig;
use futures::{FutureExt, StreamExt, stream};
use lambda_runtime::Diagnostic;
use serde_json::value::RawValue;
use shared::{
    clock::WallClock,
    domain::order_context::OrderContext,
    http::{HttpClient, Tls},
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
        batch::{Batch, IdIsMissing},
        event::{BatchResponse, Event, Record},
        log_events::log_received,
        settlement::Submitted,
    },
    queue::{DeadLetterQueue, SourceQueue},
    submission::Submission,
    verdict::{Retry, RetryReason, Verdict},
};

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
         it by hand, use an event such as infra/events/two-messages.json, or infra/events/check.json for a preflight \
         check"
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
        // No order is posted from here on.
        self.submission.forget_api_key().await;

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
}

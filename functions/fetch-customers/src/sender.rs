//! Sends messages in batches, several at once.

pub mod message;
pub mod outcome;

use aws_sdk_sqs::types::{
    MessageAttributeValue, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
    SendMessageBatchRequestEntry, builders::SendMessageBatchRequestEntryBuilder,
};
use shared::{
    aws::describe_without_message,
    sqs::{BATCH_BYTES, Batcher, EntryFailure, Queue, RetryPolicy},
};
use tokio::{task::JoinSet, time::Instant};

use crate::log_events;
use message::{Entry, Rejection, RunContext};
use outcome::{SendError, SendOutcome};

/// How often an entry is sent that SQS failed for reasons of its own.
const ATTEMPTS: u32 = 5;

/// How many calls are in flight. At 20 ms a call (Amazon SQS Developer Guide, "Increasing throughput using horizontal
/// scaling and action batching") they enqueue 8,000 customers a second: five million in less than the 15 minutes that an
/// invocation may take.
pub const CALLS_IN_FLIGHT: usize = 16;

/// How many bytes of messages they hold: of the largest ones, six calls. A call takes about five times its messages
/// (`make bench ONLY="of 1 MiB"`), and the function 64 MiB at most.
const MAX_BYTES_IN_FLIGHT: usize = 6 * BATCH_BYTES;

/// The same for dead letters, of which few are expected: without more memory for a source of nothing else.
pub const DEAD_LETTER_CALLS_IN_FLIGHT: usize = 2;

/// Takes messages one by one, and sends them in batches.
pub struct BatchSender {
    queue: Queue,
    context: RunContext,
    batcher: Batcher<Entry>,
    /// Each returns the bytes of its messages, and their outcome.
    calls: JoinSet<(usize, SendOutcome)>,
    calls_in_flight: usize,
    bytes_in_flight: usize,
    outcome: SendOutcome,
}

impl BatchSender {
    /// Makes at most `calls_in_flight` calls at the same time.
    #[must_use]
    pub fn new(queue: Queue, context: RunContext, calls_in_flight: usize) -> Self {
        Self {
            queue,
            context,
            batcher: Batcher::default(),
            calls: JoinSet::new(),
            calls_in_flight,
            bytes_in_flight: 0,
            outcome: SendOutcome::default(),
        }
    }

    /// Takes a message. Waits while as many calls or bytes as allowed are in flight.
    pub async fn push(&mut self, entry: Entry) {
        let attributes = entry.rejection.as_ref().map(Rejection::bytes);
        let bytes = entry.body.len() + attributes.unwrap_or_default();
        if let Some(batch) = self.batcher.push(entry, bytes) {
            self.send(batch).await;
        }
    }

    /// Whether a call has failed, so that further calls are of no use.
    #[must_use]
    pub const fn has_failed(&self) -> bool {
        self.outcome.failure.is_some()
    }

    /// Sends the last batch, and waits for all calls.
    pub async fn finish(mut self) -> SendOutcome {
        if let Some(batch) = self.batcher.take().filter(|_| !self.has_failed()) {
            self.send(batch).await;
        }
        self.settle_down_to(0, 0).await;
        self.outcome
    }

    async fn send(&mut self, batch: Vec<Entry>) {
        let bytes = batch.iter().map(|entry| entry.body.len()).sum::<usize>();
        self.settle_down_to(
            self.calls_in_flight - 1,
            MAX_BYTES_IN_FLIGHT.saturating_sub(bytes),
        )
        .await;
        self.bytes_in_flight += bytes;
        let (queue, context) = (self.queue.clone(), self.context.clone());
        self.calls
            .spawn(async move { (bytes, send(&queue, batch, &context).await) });
    }

    /// Waits until at most so many calls, with so many bytes of messages, are in flight.
    async fn settle_down_to(&mut self, calls: usize, bytes: usize) {
        while (self.calls.len() > calls || self.bytes_in_flight > bytes)
            && let Some(done) = self.calls.join_next().await
        {
            // The bytes of a call that panicked are not known; its failure ends the run.
            let panicked = |error| {
                let failure = Some(SendError::Call(format!("{error}")));
                (
                    0,
                    SendOutcome {
                        failure,
                        ..SendOutcome::default()
                    },
                )
            };
            let (bytes, outcome) = done.unwrap_or_else(panicked);
            self.bytes_in_flight -= bytes;
            self.outcome.add(outcome);
        }
    }
}

/// Sends one batch.
async fn send(queue: &Queue, batch: Vec<Entry>, context: &RunContext) -> SendOutcome {
    let started = Instant::now();
    let messages = batch.len();
    let on_retry = |retry: shared::sqs::Retry<'_>| log_events::messages_retried(context, retry);
    let retry = RetryPolicy::attempts(ATTEMPTS).on_retry(&on_retry);
    let result = queue.send(batch, retry, |entry| request(entry, context)).await;
    let mut outcome = SendOutcome {
        sent: result.succeeded.len() as u64,
        ..SendOutcome::default()
    };
    for failed in &result.failed {
        let failure = match (&failed.failure, &failed.item.rejection) {
            // `call_error` says why.
            (EntryFailure::CallFailed, None) => continue,
            (EntryFailure::Rejected(code), None) => {
                outcome.rejected += 1;
                log_events::customer_rejected_by_sqs(context, &failed.item, code);
                continue;
            }
            (failure, None) => SendError::Entries {
                entries: 1,
                attempts: ATTEMPTS,
                code: failure.code().to_owned(),
            },
            (failure, Some(_)) => SendError::DeadLetters(1, failure.code().to_owned()),
        };
        outcome.add(SendOutcome {
            failure: Some(failure),
            ..SendOutcome::default()
        });
    }
    if let Some(error) = result.call_error {
        let why = describe_without_message(&error);
        outcome.failure = Some(match outcome.failure {
            Some(SendError::DeadLetters(entries, _)) => SendError::DeadLetters(entries, why),
            _ => SendError::Call(why),
        });
    }
    log_events::batch_sent(context, messages, &outcome, started.elapsed());
    outcome
}

fn request(entry: &Entry, context: &RunContext) -> SendMessageBatchRequestEntryBuilder {
    let request = SendMessageBatchRequestEntry::builder().message_body(&entry.body);
    let trace_header = context.trace_header.as_deref().and_then(|header| {
        let value = MessageSystemAttributeValue::builder().data_type("String");
        value.string_value(header).build().ok()
    });
    let request = match trace_header {
        None => request,
        Some(value) => {
            request.message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, value)
        }
    };
    let attributes = entry.rejection.as_ref().map(Rejection::attributes);
    attributes
        .into_iter()
        .flatten()
        .fold(request, |request, (name, text)| {
            let value = MessageAttributeValue::builder().data_type(Rejection::TYPE);
            match value.string_value(text).build() {
                Ok(value) => request.message_attributes(name, value),
                // It has a type.
                Err(_) => request,
            }
        })
}

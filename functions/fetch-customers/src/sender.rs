//! Sends messages in batches, several at once.

use std::sync::Arc;

use aws_sdk_sqs::types::{
    MessageSystemAttributeNameForSends, MessageSystemAttributeValue, SendMessageBatchRequestEntry,
    builders::SendMessageBatchRequestEntryBuilder,
};
use shared::{
    aws::describe_without_message,
    domain::{customer_id::CustomerId, order_date::OrderDate},
    sqs::{BATCH_BYTES, Batcher, EntryFailure, Queue, RetryPolicy},
};
use tokio::{task::JoinSet, time::Instant};

use crate::log_events;

/// The largest body. The rest of a message is reserved for the attributes of a dead letter, which count towards its size:
/// `submit-orders` needs them.
pub const MAX_BODY_BYTES: usize = BATCH_BYTES - 16 * 1024;

/// How often an entry is sent that SQS failed for reasons of its own.
const ATTEMPTS: u32 = 5;

/// How many calls are in flight. At 20 ms a call (Amazon SQS Developer Guide, "Increasing throughput using horizontal
/// scaling and action batching") they enqueue 8,000 customers a second: five million in less than the 15 minutes that an
/// invocation may take. They hold 16 MiB of messages at most, as requests about three times that.
const CALLS_IN_FLIGHT: usize = 16;

/// The run that messages belong to.
#[derive(Debug, Clone)]
pub struct RunContext {
    /// For the log.
    pub order_date: OrderDate,
    /// The X-Ray header of the run, which each message carries on.
    pub trace_header: Option<Arc<str>>,
}

/// One customer's message.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The customer's place in the run, from 0.
    pub index: u64,
    pub customer_id: Option<CustomerId>,
    pub body: String,
}

/// What became of the entries. Without a failure, each is enqueued or rejected.
#[derive(Debug, Default)]
pub struct SendOutcome {
    pub enqueued: u64,
    /// Not acceptable to SQS; logged.
    pub rejected: u64,
    /// Why other entries are not known to be enqueued.
    pub failure: Option<SendError>,
}

/// Messages could not be sent.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The call failed, retries of the SDK included.
    #[error("customers could not be enqueued: {0}")]
    Call(String),
    #[error(
        "{entries} customers could not be enqueued in {ATTEMPTS} attempts, the last time because of {code}"
    )]
    Entries {
        entries: usize,
        /// SQS's code.
        code: String,
    },
}

impl SendOutcome {
    /// Adds the counts. The first failure is kept.
    fn add(&mut self, other: Self) {
        self.enqueued += other.enqueued;
        self.rejected += other.rejected;
        match (&mut self.failure, other.failure) {
            (Some(SendError::Entries { entries, .. }), Some(SendError::Entries { entries: more, .. })) => {
                *entries += more;
            }
            (Some(_), _) => {}
            (none, failure) => *none = failure,
        }
    }
}

/// Takes messages one by one, and sends them in batches.
pub struct BatchSender {
    queue: Queue,
    context: RunContext,
    batcher: Batcher<Entry>,
    calls: JoinSet<SendOutcome>,
    outcome: SendOutcome,
}

impl BatchSender {
    #[must_use]
    pub fn new(queue: Queue, context: RunContext) -> Self {
        Self {
            queue,
            context,
            batcher: Batcher::default(),
            calls: JoinSet::new(),
            outcome: SendOutcome::default(),
        }
    }

    /// Takes a message. Waits while [`CALLS_IN_FLIGHT`] calls are in flight.
    pub async fn push(&mut self, entry: Entry) {
        let bytes = entry.body.len();
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
        self.settle_down_to(0).await;
        self.outcome
    }

    async fn send(&mut self, batch: Vec<Entry>) {
        self.settle_down_to(CALLS_IN_FLIGHT - 1).await;
        let (queue, context) = (self.queue.clone(), self.context.clone());
        self.calls
            .spawn(async move { send(&queue, batch, &context).await });
    }

    /// Waits until at most so many calls are in flight.
    async fn settle_down_to(&mut self, calls: usize) {
        while self.calls.len() > calls
            && let Some(done) = self.calls.join_next().await
        {
            let panicked = |error| SendOutcome {
                failure: Some(SendError::Call(format!("{error}"))),
                ..SendOutcome::default()
            };
            self.outcome.add(done.unwrap_or_else(panicked));
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
        enqueued: result.succeeded.len() as u64,
        ..SendOutcome::default()
    };
    for failed in &result.failed {
        match &failed.failure {
            EntryFailure::Rejected(code) => {
                outcome.rejected += 1;
                log_events::customer_rejected_by_sqs(context, &failed.item, code);
            }
            failure @ (EntryFailure::Unavailable(_) | EntryFailure::Unconfirmed) => {
                outcome.add(SendOutcome {
                    failure: Some(SendError::Entries {
                        entries: 1,
                        code: failure.code().to_owned(),
                    }),
                    ..SendOutcome::default()
                });
            }
            // `call_error` says why.
            EntryFailure::CallFailed => {}
        }
    }
    if let Some(error) = result.call_error {
        outcome.failure = Some(SendError::Call(describe_without_message(&error)));
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
    match trace_header {
        None => request,
        Some(value) => {
            request.message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, value)
        }
    }
}

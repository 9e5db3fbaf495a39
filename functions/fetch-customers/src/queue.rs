//! The queue that customers are put on.

use std::{sync::Arc, time::Duration};

use aws_sdk_sqs::{
    Client,
    error::DisplayErrorContext,
    types::{
        BatchResultErrorEntry, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
        SendMessageBatchRequestEntry,
    },
};
use shared::{domain::customer_id::CustomerId, domain::order_date::OrderDate};
use tokio::time::Instant;

/// The most entries of one call (`SendMessageBatch`, Amazon SQS API reference).
const BATCH_ENTRIES: usize = 10;

/// The most bytes of one message, and of all messages of one call, their message attributes included (same
/// source). These messages have none: the X-Ray header is a system attribute, which does not count.
const BATCH_BYTES: usize = 1_048_576;

/// The most bytes of one body: `submit-orders` needs the rest for the attributes of a dead letter, which count
/// towards the message.
pub const BODY_BYTES: usize = BATCH_BYTES - 16 * 1024;

/// How often an entry is sent that SQS failed to take for reasons of its own.
const ATTEMPTS: u32 = 5;

/// The wait before the second attempt; it doubles with each.
const FIRST_WAIT: Duration = Duration::from_millis(200);

/// The run that messages belong to.
#[derive(Debug, Clone)]
pub struct RunContext {
    /// Its order date, for the log.
    pub order_date: OrderDate,
    /// Its X-Ray header, which they carry on.
    pub trace_header: Option<Arc<str>>,
}

/// One customer's message.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The customer's place in the run, counted from 0.
    pub index: u64,
    /// The customer, where the source tells.
    pub customer_id: Option<CustomerId>,
    /// The message's body.
    pub body: String,
}

/// What became of entries. Without a failure, each is one or the other.
#[derive(Debug, Default)]
pub struct SendOutcome {
    /// On the queue.
    pub enqueued: u64,
    /// Not acceptable to SQS; logged.
    pub rejected: u64,
    /// Why others are not, or not known to be, on the queue. The run ends; a repeat with the same order date
    /// makes no order twice.
    pub failure: Option<QueueError>,
}

/// Messages could not be put on the queue, after all attempts.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The call failed.
    #[error("customers could not be put on the queue: {0}")]
    Call(String),
    /// Entries of the call failed, again and again.
    #[error(
        "{entries} customers could not be put on the queue in {ATTEMPTS} attempts, the last time because of {code}"
    )]
    Entries {
        /// How many.
        entries: usize,
        /// SQS's code.
        code: String,
    },
}

impl SendOutcome {
    /// Both together: the first failure tells why, and both how many.
    pub fn add(&mut self, other: Self) {
        self.enqueued += other.enqueued;
        self.rejected += other.rejected;
        match (&mut self.failure, other.failure) {
            (Some(QueueError::Entries { entries, .. }), Some(QueueError::Entries { entries: more, .. })) => {
                *entries += more;
            }
            (Some(_), _) => {}
            (none, failure) => *none = failure,
        }
    }
}

/// The queue.
pub struct CustomerQueue {
    sqs: Client,
    url: String,
}

/// Messages that are put on the queue together.
#[derive(Debug, Default)]
pub struct Batch {
    entries: Vec<Entry>,
    bytes: usize,
}

impl Batch {
    /// Whether `body` fits beside what is there.
    #[must_use]
    pub fn has_room_for(&self, body: &str) -> bool {
        self.entries.len() < BATCH_ENTRIES && self.bytes + body.len() <= BATCH_BYTES
    }

    /// Whether nothing fits any more, however small.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.entries.len() >= BATCH_ENTRIES
    }

    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Adds a message that there is room for.
    pub fn push(&mut self, entry: Entry) {
        self.bytes += entry.body.len();
        self.entries.push(entry);
    }
}

impl CustomerQueue {
    /// Sets up; calls nothing yet.
    #[must_use]
    pub const fn new(sqs: Client, url: String) -> Self {
        Self { sqs, url }
    }

    /// Puts a batch of a run on the queue.
    pub async fn send(&self, batch: Batch, origin: &RunContext) -> SendOutcome {
        let began = Instant::now();
        let mut sent = SendOutcome::default();
        let mut left = batch.entries;
        let messages = left.len();
        let mut wait = FIRST_WAIT;
        for attempt in 1.. {
            let code = match self.attempt(&mut left, origin, &mut sent).await {
                Ok(_) if left.is_empty() => break,
                Ok(code) => code,
                Err(error) => {
                    sent.failure = Some(error);
                    break;
                }
            };
            if attempt >= ATTEMPTS {
                sent.failure = Some(QueueError::Entries {
                    entries: left.len(),
                    code,
                });
                break;
            }
            tracing::warn!(
                order_date = %origin.order_date,
                messages = left.len(),
                attempt,
                code,
                "SQS did not take some messages: they are sent again"
            );
            tokio::time::sleep(wait.mul_f64(0.5 + fastrand::f64() / 2.0)).await;
            wait *= 2;
        }
        tracing::debug!(
            order_date = %origin.order_date,
            messages,
            enqueued = sent.enqueued,
            rejected = sent.rejected,
            elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            "batch sent"
        );
        sent
    }

    /// Calls once, and leaves of the entries `left` what is to be sent again.
    ///
    /// # Returns
    /// Why it is to be sent again.
    async fn attempt(
        &self,
        left: &mut Vec<Entry>,
        origin: &RunContext,
        sent: &mut SendOutcome,
    ) -> Result<String, QueueError> {
        let entries = left
            .iter()
            .enumerate()
            .map(|(at, entry)| request_entry(at, entry, origin.trace_header.as_deref()));
        let entries = entries.collect::<Option<Vec<_>>>().unwrap_or_default();
        let call = self
            .sqs
            .send_message_batch()
            .queue_url(&self.url)
            .set_entries(Some(entries));
        // A failed call was repeated by the SDK already, where that could help.
        let answer = call
            .send()
            .await
            .map_err(|error| QueueError::Call(DisplayErrorContext(error).to_string()))?;
        // An entry that the answer does not name at all is sent again: better twice than never.
        let confirmed = |at: usize| answer.successful.iter().any(|entry| entry.id.parse() == Ok(at));
        let failure = |at: usize| answer.failed.iter().find(|entry| entry.id.parse() == Ok(at));
        let mut code = "an incomplete answer";
        for (at, entry) in std::mem::take(left).into_iter().enumerate() {
            match failure(at) {
                Some(refused) if refused.sender_fault => {
                    log_refused(origin, &entry, refused);
                    sent.rejected += 1;
                }
                None if confirmed(at) => sent.enqueued += 1,
                Some(failed) => {
                    code = &failed.code;
                    left.push(entry);
                }
                None => left.push(entry),
            }
        }
        Ok(code.to_owned())
    }
}

fn request_entry(
    at: usize,
    entry: &Entry,
    trace_header: Option<&str>,
) -> Option<SendMessageBatchRequestEntry> {
    let trace_header = trace_header.and_then(|header| {
        MessageSystemAttributeValue::builder()
            .data_type("String")
            .string_value(header)
            .build()
            .ok()
    });
    let mut request = SendMessageBatchRequestEntry::builder()
        .id(at.to_string())
        .message_body(&entry.body);
    if let Some(value) = trace_header {
        request =
            request.message_system_attributes(MessageSystemAttributeNameForSends::AwsTraceHeader, value);
    }
    request.build().ok()
}

fn log_refused(origin: &RunContext, entry: &Entry, refused: &BatchResultErrorEntry) {
    let customer_id = entry.customer_id.as_ref().map(tracing::field::display);
    tracing::error!(
        order_date = %origin.order_date,
        index = entry.index,
        customer_id,
        reason = refused.code,
        "SQS refused a customer's message"
    );
}

//! Batches of messages as the event source mapping delivers them.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::{Value, json};

use crate::customers::Customers;

/// The event with the customers from `first` on, `size` of them or as many as there are.
pub(crate) fn event(customers: &Customers, first: u64, size: u64) -> Bytes {
    let past = (first + size).min(customers.count());
    let bodies = (first..past).map(|index| (index, customers.message(index)));
    event_of(bodies)
}

/// The event with these messages, received for the first time, each with the number that its id is made of.
pub(crate) fn event_of(messages: impl Iterator<Item = (u64, String)>) -> Bytes {
    event_of_received(messages.map(|(number, body)| Received {
        number,
        body,
        receives: 1,
    }))
}

/// A message as it is received.
pub(crate) struct Received {
    /// What its id and its receipt handle are made of.
    pub(crate) number: u64,
    pub(crate) body: String,
    /// This time included.
    pub(crate) receives: u32,
}

/// The event with these messages.
pub(crate) fn event_of_received(messages: impl IntoIterator<Item = Received>) -> Bytes {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let sent_at = now.as_millis().to_string();
    let records: Vec<Value> = messages
        .into_iter()
        .map(|message| record(&message, &sent_at))
        .collect();
    json!({"Records": records}).to_string().into()
}

/// The number of the message with that receipt handle.
pub(crate) fn number_of(receipt_handle: &str) -> Option<u64> {
    receipt_handle.strip_prefix(RECEIPT_HANDLE)?.parse().ok()
}

/// In front of the number, as long as real ones are.
const RECEIPT_HANDLE: &str = "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a0zZxKQxQ8Vq8wQb7u0V3oRkYq2c1Q5n0bXh2H1M3zYqk0mJb9T6tR5pW8sD4fG7hK2lN9v";

/// The id of the message with that number.
pub(crate) fn message_id(number: u64) -> String {
    format!("059f36b4-87a3-44ab-83d2-{number:012x}")
}

/// As the AWS Lambda Developer Guide shows it ("Using Lambda with Amazon SQS", example event).
fn record(message: &Received, sent_at: &str) -> Value {
    let Received {
        number,
        body,
        receives,
    } = message;
    json!({
        "messageId": message_id(*number),
        "receiptHandle": format!("{RECEIPT_HANDLE}{number:020}"),
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": receives.to_string(),
            "SentTimestamp": sent_at,
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": sent_at
        },
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:customers",
        "awsRegion": "eu-west-1"
    })
}

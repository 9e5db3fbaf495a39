//! The actions of SQS as the SDK calls them, on the model of the queues.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::{
    aws::call::{Call, Fault},
    sqs::{MESSAGE_BYTES, Poll, Queues, StoredMessage},
};

/// Carries out an action.
///
/// # Errors
/// The error code of SQS's answer.
pub(crate) fn carry_out(
    queues: &mut Queues,
    action: &str,
    input: &Value,
    fault: Option<&Fault>,
) -> Result<Value, &'static str> {
    let url = input["QueueUrl"].as_str().unwrap_or_default();
    let handle = |entry: &Value| entry["ReceiptHandle"].as_str().unwrap_or_default().to_owned();
    match action {
        "SendMessage" => send(queues, url, input).map(|id| json!({"MessageId": id})),
        "SendMessageBatch" => batch(input, fault, |entry| {
            let id = send(queues, url, entry)?;
            Ok(json!({"Id": entry["Id"], "MessageId": id, "MD5OfMessageBody": ""}))
        }),
        "ReceiveMessage" => receive(queues, url, input),
        "DeleteMessageBatch" => batch(input, fault, |entry| {
            queues.delete(url, &handle(entry))?;
            Ok(json!({"Id": entry["Id"]}))
        }),
        "ChangeMessageVisibilityBatch" => batch(input, fault, |entry| {
            let delay = Duration::from_secs(entry["VisibilityTimeout"].as_u64().unwrap_or(u64::MAX));
            queues.change_visibility(url, &handle(entry), delay)?;
            Ok(json!({"Id": entry["Id"]}))
        }),
        _ => Err("UnknownOperationException"),
    }
}

/// When a call that waits for a message is answered at the latest.
pub(crate) fn poll_deadline(queues: &Queues, call: &Call) -> Option<Instant> {
    let wait = call.input["WaitTimeSeconds"].as_u64().map(Duration::from_secs)?;
    let end = Instant::now() + wait;
    let next = queues.next_visible(call.input["QueueUrl"].as_str()?);
    Some(next.map_or(end, |next| next.min(end)))
}

fn receive(queues: &mut Queues, url: &str, input: &Value) -> Result<Value, &'static str> {
    let number = |name: &str| input[name].as_u64();
    let poll = Poll {
        most: usize::try_from(number("MaxNumberOfMessages").unwrap_or(1)).unwrap(),
        hidden_for: number("VisibilityTimeout").map(Duration::from_secs),
        waits: number("WaitTimeSeconds").is_some_and(|secs| secs > 0),
    };
    if !(1..=10).contains(&poll.most) || number("WaitTimeSeconds") > Some(20) {
        return Err("InvalidParameterValue");
    }
    let mut chance = queues.by_chance.take();
    let most = chance
        .as_mut()
        .map_or(poll.most, |chance| chance.usize(1..=poll.most));
    let received = queues.poll(url, Poll { most, ..poll }, |count| {
        chance.as_mut().map_or(0, |chance| chance.usize(..count))
    });
    queues.by_chance = chance;
    let received = received?;
    let messages: Vec<Value> = received
        .iter()
        .map(|message| as_received(queues, message, input))
        .collect();
    Ok(json!({"Messages": messages}))
}

/// A message in the answer to a receive, with the attributes that it asked for.
fn as_received(queues: &Queues, message: &StoredMessage, input: &Value) -> Value {
    let asked_for = |list: &str, name: &str| {
        let names = input[list].as_array().into_iter().flatten();
        names.into_iter().any(|asked| asked == name || asked == "All")
    };
    let system = [
        ("SentTimestamp", Some(queues.epoch_ms(message.sent))),
        ("ApproximateReceiveCount", Some(message.receives.to_string())),
        ("AWSTraceHeader", message.trace_header.clone()),
    ];
    let system = system
        .into_iter()
        .filter(|(name, _)| asked_for("MessageSystemAttributeNames", name))
        .filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?))));
    let attributes = message
        .attributes
        .iter()
        .filter(|(name, _)| asked_for("MessageAttributeNames", name))
        .map(|(name, value)| (name.clone(), json!({"DataType": "String", "StringValue": value})));
    json!({
        "MessageId": message.id,
        "ReceiptHandle": message.receipt_handle(),
        "Body": message.body,
        "MD5OfBody": "not checked by the functions",
        "Attributes": system.collect::<Map<_, _>>(),
        "MessageAttributes": attributes.collect::<Map<_, _>>(),
    })
}

impl Queues {
    /// The event source mapping's event with these messages.
    pub fn event(&self, messages: &[StoredMessage]) -> Value {
        let epoch_ms = |at| self.epoch_ms(at);
        let record = |message: &StoredMessage| {
            let mut attributes = json!({
                "ApproximateReceiveCount": message.receives.to_string(),
                "SentTimestamp": epoch_ms(message.sent),
                "ApproximateFirstReceiveTimestamp": epoch_ms(message.first_received_at.unwrap_or(message.sent)),
                "SenderId": "AIDAEXAMPLE"
            });
            if let Some(header) = &message.trace_header {
                attributes["AWSTraceHeader"] = json!(header);
            }
            json!({
                "messageId": message.id,
                "receiptHandle": message.receipt_handle(),
                "body": message.body,
                "attributes": attributes,
                "messageAttributes": {},
                "md5OfBody": "not checked by the function",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:customers",
                "awsRegion": "eu-west-1"
            })
        };
        json!({"Records": messages.iter().map(record).collect::<Vec<_>>()})
    }
}

fn send(queues: &mut Queues, url: &str, entry: &Value) -> Result<String, &'static str> {
    let value_of = |attribute: &Value| attribute["StringValue"].as_str().unwrap_or_default().to_owned();
    let none = Map::new();
    let attributes: BTreeMap<String, String> = entry["MessageAttributes"]
        .as_object()
        .unwrap_or(&none)
        .iter()
        .map(|(name, value)| (name.clone(), value_of(value)))
        .collect();
    let trace_header = entry["MessageSystemAttributes"]
        .get("AWSTraceHeader")
        .map(value_of);
    let body = entry["MessageBody"].as_str().unwrap_or_default();
    queues.send(url, body, attributes, trace_header)
}

fn check_batch(entries: &[Value]) -> Result<(), &'static str> {
    let bytes: usize = entries
        .iter()
        .filter_map(|entry| entry["MessageBody"].as_str())
        .map(str::len)
        .sum();
    match entries.len() {
        0 => Err("EmptyBatchRequest"),
        11.. => Err("TooManyEntriesInBatchRequest"),
        _ if bytes > MESSAGE_BYTES => Err("BatchRequestTooLong"),
        _ => Ok(()),
    }
}

fn batch(
    input: &Value,
    fault: Option<&Fault>,
    mut carry_out: impl FnMut(&Value) -> Result<Value, &'static str>,
) -> Result<Value, &'static str> {
    let entries = input["Entries"].as_array().map(Vec::as_slice).unwrap_or_default();
    check_batch(entries)?;
    let (mut successful, mut failed) = (Vec::new(), Vec::new());
    for (at, entry) in entries.iter().enumerate() {
        let outcome = match fault {
            Some(Fault::FailEntries {
                entries,
                sender_fault,
            }) if entries.contains(&at) => Err(("InternalError", *sender_fault)),
            _ => carry_out(entry).map_err(|code| (code, true)),
        };
        match outcome {
            Ok(output) => successful.push(output),
            Err((code, sender_fault)) => {
                failed.push(json!({"Id": entry["Id"], "Code": code, "SenderFault": sender_fault}));
            }
        }
    }
    Ok(json!({"Successful": successful, "Failed": failed}))
}

//! A model of SQS standard queues: visibility, receive counts, retention, redrive policy, on tokio's clock.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use tokio::time::Instant;

/// The most bytes of a message, attributes included (Amazon SQS API reference).
pub const MESSAGE_BYTES: usize = 1_048_576;

/// The longest that a message can be hidden, from its receive on (Amazon SQS API reference).
const LONGEST_VISIBILITY: Duration = Duration::from_secs(12 * 60 * 60);

/// A message on a queue.
#[derive(Debug, Clone)]
pub struct StoredMessage {
    /// SQS's id.
    pub id: String,
    /// The body.
    pub body: String,
    /// The message attributes, all strings.
    pub attributes: BTreeMap<String, String>,
    /// The `AWSTraceHeader` system attribute.
    pub trace_header: Option<String>,
    /// When it was sent; kept when the redrive policy moves it.
    pub sent: Instant,
    /// From when on it can be received.
    pub visible_at: Instant,
    /// When it was received last.
    pub received_at: Option<Instant>,
    /// How often it was received.
    pub receives: u32,
}

impl StoredMessage {
    /// The handle of the last receive.
    #[must_use]
    pub fn receipt_handle(&self) -> String {
        format!("{}#{}", self.id, self.receives)
    }
}

/// A queue's settings.
#[derive(Debug, Clone)]
pub struct QueueSettings {
    /// How long a received message is hidden.
    pub visibility: Duration,
    /// After how long a message is deleted.
    pub retention: Duration,
    /// Where a message goes that was received so often already.
    pub redrive: Option<(String, u32)>,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self {
            visibility: Duration::from_secs(390),
            retention: Duration::from_secs(4 * 24 * 60 * 60),
            redrive: None,
        }
    }
}

#[derive(Debug, Default)]
struct Queue {
    settings: QueueSettings,
    /// By the number in their ids: in the order in which they were sent.
    messages: BTreeMap<u64, StoredMessage>,
}

/// All queues of an account.
#[derive(Debug)]
pub struct Queues {
    queues: HashMap<String, Queue>,
    sent: u64,
    started: (Instant, SystemTime),
    /// Bodies of messages that a queue deleted since their retention ended.
    pub deleted_unseen: Vec<String>,
}

impl Default for Queues {
    fn default() -> Self {
        // Some day; a model that looked at the real clock would not be the same twice.
        let day = UNIX_EPOCH + Duration::from_secs(1_697_380_200);
        Self {
            queues: HashMap::new(),
            sent: 0,
            started: (Instant::now(), day),
            deleted_unseen: Vec::new(),
        }
    }
}

impl Queues {
    /// The model's time of day.
    #[must_use]
    pub fn wall_clock(&self) -> SystemTime {
        self.started.1 + self.started.0.elapsed()
    }

    /// Makes a queue, or changes its settings.
    pub fn create(&mut self, url: &str, settings: QueueSettings) {
        self.queues.entry(url.to_owned()).or_default().settings = settings;
    }

    /// All messages of a queue, hidden ones too.
    #[must_use]
    pub fn messages(&self, url: &str) -> Vec<StoredMessage> {
        self.queues[url].messages.values().cloned().collect()
    }

    /// When the next hidden message of a queue is seen again.
    #[must_use]
    pub fn next_visible(&self, url: &str) -> Option<Instant> {
        self.queues[url]
            .messages
            .values()
            .map(|message| message.visible_at)
            .min()
    }

    /// Puts a message on a queue, as `SendMessage` would.
    pub fn send(
        &mut self,
        url: &str,
        body: &str,
        attributes: BTreeMap<String, String>,
        trace_header: Option<String>,
    ) -> Result<String, &'static str> {
        let bytes: usize = attributes
            .iter()
            .map(|(name, value)| name.len() + "String".len() + value.len())
            .sum();
        if body.is_empty() || attributes.values().any(String::is_empty) {
            return Err("MissingParameter");
        }
        if body.len() + bytes > MESSAGE_BYTES || attributes.len() > 10 {
            return Err("InvalidParameterValue");
        }
        if body
            .chars()
            .chain(attributes.values().flat_map(|value| value.chars()))
            .any(is_refused)
        {
            return Err("InvalidMessageContents");
        }
        self.sent += 1;
        let id = format!("message-{}", self.sent);
        let now = Instant::now();
        let queue = self.queues.get_mut(url).ok_or("QueueDoesNotExist")?;
        let message = StoredMessage {
            id: id.clone(),
            body: body.to_owned(),
            attributes,
            trace_header,
            sent: now,
            visible_at: now,
            received_at: None,
            receives: 0,
        };
        queue.messages.insert(self.sent, message);
        Ok(id)
    }

    /// Receives up to `most` messages; `choose` picks one after the other among so many visible ones.
    pub fn receive(
        &mut self,
        url: &str,
        most: usize,
        mut choose: impl FnMut(usize) -> usize,
    ) -> Vec<StoredMessage> {
        let now = Instant::now();
        self.end_retention(url, now);
        let Queue { settings, messages } = self.queues.get_mut(url).unwrap();
        let mut visible: Vec<u64> = messages
            .iter()
            .filter(|(_, message)| message.visible_at <= now)
            .map(|(number, _)| *number)
            .collect();
        let (mut received, mut moved) = (Vec::new(), Vec::new());
        while received.len() < most && !visible.is_empty() {
            let number = visible.remove(choose(visible.len()));
            let message = messages.get_mut(&number).unwrap();
            if settings
                .redrive
                .as_ref()
                .is_some_and(|(_, most)| message.receives >= *most)
            {
                moved.push((number, messages.remove(&number).unwrap()));
            } else {
                message.receives += 1;
                message.received_at = Some(now);
                message.visible_at = now + settings.visibility;
                received.push(message.clone());
            }
        }
        if let Some((dead_letters, _)) = settings.redrive.clone() {
            self.queues.get_mut(&dead_letters).unwrap().messages.extend(moved);
        }
        received
    }

    fn end_retention(&mut self, url: &str, now: Instant) {
        let Queue { settings, messages } = self.queues.get_mut(url).unwrap();
        let old = messages.extract_if(.., |_, message| now >= message.sent + settings.retention);
        self.deleted_unseen.extend(old.map(|(_, message)| message.body));
    }

    /// Deletes a message, as the event source mapping does with what succeeded.
    pub fn delete(&mut self, url: &str, receipt_handle: &str) {
        let messages = &mut self.queues.get_mut(url).unwrap().messages;
        if let Some(number) = number_of(messages, receipt_handle) {
            messages.remove(&number);
        }
    }

    /// Hides a message for a while from now on, as `ChangeMessageVisibility` would.
    pub fn hide(&mut self, url: &str, receipt_handle: &str, delay: Duration) -> Result<(), &'static str> {
        let now = Instant::now();
        let queue = self.queues.get_mut(url).ok_or("QueueDoesNotExist")?;
        let number = number_of(&queue.messages, receipt_handle).ok_or("ReceiptHandleIsInvalid")?;
        let message = queue.messages.get_mut(&number).ok_or("ReceiptHandleIsInvalid")?;
        let received_at = message.received_at.ok_or("MessageNotInflight")?;
        if message.visible_at <= now {
            return Err("MessageNotInflight");
        }
        if now + delay > received_at + LONGEST_VISIBILITY {
            return Err("InvalidParameterValue");
        }
        message.visible_at = now + delay;
        Ok(())
    }

    /// The event that an event source mapping makes of received messages.
    #[must_use]
    pub fn event(&self, messages: &[StoredMessage]) -> Value {
        let epoch_ms = |at: Instant| {
            let time = self.started.1 + at.duration_since(self.started.0);
            time.duration_since(UNIX_EPOCH).unwrap().as_millis().to_string()
        };
        let record = |message: &StoredMessage| {
            let mut attributes = json!({
                "ApproximateReceiveCount": message.receives.to_string(),
                "SentTimestamp": epoch_ms(message.sent),
                "ApproximateFirstReceiveTimestamp": epoch_ms(message.received_at.unwrap_or(message.sent)),
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

/// The message that this handle is the last one of.
fn number_of(messages: &BTreeMap<u64, StoredMessage>, receipt_handle: &str) -> Option<u64> {
    let (id, _) = receipt_handle.split_once('#')?;
    let number = id.strip_prefix("message-")?.parse().ok()?;
    (messages.get(&number)?.receipt_handle() == receipt_handle).then_some(number)
}

/// What SQS refuses in a body or an attribute (SendMessage, Amazon SQS API reference).
fn is_refused(c: char) -> bool {
    !matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

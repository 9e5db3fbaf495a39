//! A model of SQS standard queues: visibility, receive counts, retention, redrive policy, on tokio's clock.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::time::Instant;

/// The maximum size of a message, attributes included (Amazon SQS API reference).
pub const MESSAGE_BYTES: usize = 1_048_576;

/// The maximum visibility timeout, counted from the receive (Amazon SQS API reference).
const MAX_VISIBILITY: Duration = Duration::from_secs(12 * 60 * 60);

/// A message on a queue.
#[derive(Debug, Clone)]
pub struct StoredMessage {
    pub id: String,
    pub body: String,
    /// The message attributes, all strings.
    pub attributes: BTreeMap<String, String>,
    /// The `AWSTraceHeader` system attribute.
    pub trace_header: Option<String>,
    /// Kept when the redrive policy moves it.
    pub sent: Instant,
    pub visible_at: Instant,
    /// The last receive.
    pub received_at: Option<Instant>,
    pub first_received_at: Option<Instant>,
    pub receives: u32,
}

impl StoredMessage {
    /// The handle of the last receive.
    pub fn receipt_handle(&self) -> String {
        format!("{}#{}", self.id, self.receives)
    }
}

#[derive(Debug, Clone)]
pub struct QueueSettings {
    /// The visibility timeout.
    pub visibility: Duration,
    pub retention: Duration,
    /// The redrive policy: the dead-letter queue's URL, and `maxReceiveCount`.
    pub redrive: Option<(String, u32)>,
    /// The quota of messages in flight.
    pub max_in_flight: usize,
}

impl Default for QueueSettings {
    fn default() -> Self {
        Self {
            visibility: Duration::from_secs(390),
            retention: Duration::from_secs(4 * 24 * 60 * 60),
            redrive: None,
            max_in_flight: 120_000,
        }
    }
}

/// The parameters of a `ReceiveMessage`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Poll {
    pub(crate) most: usize,
    /// `VisibilityTimeout`, in place of the queue's.
    pub(crate) hidden_for: Option<Duration>,
    /// Long polling, which asks all of SQS's servers.
    pub(crate) waits: bool,
}

#[derive(Debug, Default)]
struct Queue {
    settings: QueueSettings,
    /// By the number in their ids: in the order in which they were sent.
    messages: BTreeMap<u64, StoredMessage>,
}

#[derive(Debug)]
pub struct Queues {
    queues: HashMap<String, Queue>,
    sent: u64,
    short_polls: u64,
    started: (Instant, SystemTime),
    /// Bodies of messages that were deleted at the end of their retention.
    pub deleted_unseen: Vec<String>,
    /// If set, `ReceiveMessage` returns a random number of messages in random order.
    pub by_chance: Option<fastrand::Rng>,
}

impl Default for Queues {
    fn default() -> Self {
        // A fixed day: with the real clock, no two runs would be the same.
        let day = UNIX_EPOCH + Duration::from_secs(1_697_380_200);
        Self {
            queues: HashMap::new(),
            sent: 0,
            short_polls: 0,
            started: (Instant::now(), day),
            deleted_unseen: Vec::new(),
            by_chance: None,
        }
    }
}

impl Queues {
    /// The model's time of day.
    pub fn wall_clock(&self) -> SystemTime {
        self.started.1 + self.started.0.elapsed()
    }

    /// Makes a queue, or changes its settings.
    pub fn create(&mut self, url: &str, settings: QueueSettings) {
        self.queues.entry(url.to_owned()).or_default().settings = settings;
    }

    /// All messages of a queue, also those in flight.
    pub fn messages(&self, url: &str) -> Vec<StoredMessage> {
        self.queues[url].messages.values().cloned().collect()
    }

    /// When the next message of a queue becomes visible.
    pub fn next_visible(&self, url: &str) -> Option<Instant> {
        self.queues[url]
            .messages
            .values()
            .map(|message| message.visible_at)
            .min()
    }

    /// `SendMessage`.
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
            first_received_at: None,
            receives: 0,
        };
        queue.messages.insert(self.sent, message);
        Ok(id)
    }

    /// Receives up to `most` messages, each chosen by `choose` among the number of visible ones.
    pub fn receive(
        &mut self,
        url: &str,
        most: usize,
        choose: impl FnMut(usize) -> usize,
    ) -> Vec<StoredMessage> {
        let (hidden_for, waits) = (None, true);
        let poll = Poll {
            most,
            hidden_for,
            waits,
        };
        self.poll(url, poll, choose).unwrap()
    }

    /// `ReceiveMessage`. Short polling asks only half of the servers. With too many messages in flight, short polling
    /// gets `OverLimit`, and long polling an empty answer.
    pub(crate) fn poll(
        &mut self,
        url: &str,
        poll: Poll,
        mut choose: impl FnMut(usize) -> usize,
    ) -> Result<Vec<StoredMessage>, &'static str> {
        let now = Instant::now();
        if !self.queues.contains_key(url) {
            return Err("QueueDoesNotExist");
        }
        self.end_retention(url, now);
        self.short_polls += u64::from(!poll.waits);
        let is_asked = |number: u64| poll.waits || number % 2 == self.short_polls % 2;
        let Queue { settings, messages } = self.queues.get_mut(url).unwrap();
        let is_visible = |message: &StoredMessage| message.visible_at <= now;
        let in_flight = messages.values().filter(|message| !is_visible(message)).count();
        let quota = settings.max_in_flight.saturating_sub(in_flight);
        if quota == 0 && !poll.waits {
            return Err("OverLimit");
        }
        let mut visible: Vec<u64> = messages
            .iter()
            .filter(|(number, message)| is_visible(message) && is_asked(**number))
            .map(|(number, _)| *number)
            .collect();
        let (mut received, mut moved) = (Vec::new(), Vec::new());
        while received.len() < poll.most.min(quota) && !visible.is_empty() {
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
                message.first_received_at.get_or_insert(now);
                message.visible_at = now + poll.hidden_for.unwrap_or(settings.visibility);
                received.push(message.clone());
            }
        }
        if let Some((dead_letters, _)) = settings.redrive.clone() {
            self.queues.get_mut(&dead_letters).unwrap().messages.extend(moved);
        }
        Ok(received)
    }

    fn end_retention(&mut self, url: &str, now: Instant) {
        let Queue { settings, messages } = self.queues.get_mut(url).unwrap();
        let old = messages.extract_if(.., |_, message| now >= message.sent + settings.retention);
        self.deleted_unseen.extend(old.map(|(_, message)| message.body));
    }

    /// `DeleteMessage`, as the event source mapping calls it for messages that succeeded. The handle of an earlier
    /// receive is accepted and may have no effect (Amazon SQS API reference): here it has none.
    pub fn delete(&mut self, url: &str, receipt_handle: &str) -> Result<(), &'static str> {
        let queue = self.queues.get_mut(url).ok_or("QueueDoesNotExist")?;
        if !receipt_handle.contains('#') {
            return Err("ReceiptHandleIsInvalid");
        }
        if let Some(number) = number_of(&queue.messages, receipt_handle) {
            queue.messages.remove(&number);
        }
        Ok(())
    }

    /// `ChangeMessageVisibility`.
    pub fn change_visibility(
        &mut self,
        url: &str,
        receipt_handle: &str,
        delay: Duration,
    ) -> Result<(), &'static str> {
        let now = Instant::now();
        let queue = self.queues.get_mut(url).ok_or("QueueDoesNotExist")?;
        let number = number_of(&queue.messages, receipt_handle).ok_or("ReceiptHandleIsInvalid")?;
        let message = queue.messages.get_mut(&number).ok_or("ReceiptHandleIsInvalid")?;
        let received_at = message.received_at.ok_or("MessageNotInflight")?;
        if message.visible_at <= now {
            return Err("MessageNotInflight");
        }
        if now + delay > received_at + MAX_VISIBILITY {
            return Err("InvalidParameterValue");
        }
        message.visible_at = now + delay;
        Ok(())
    }

    /// An instant as SQS writes it.
    pub(crate) fn epoch_ms(&self, at: Instant) -> String {
        let time = self.started.1 + at.duration_since(self.started.0);
        time.duration_since(UNIX_EPOCH).unwrap().as_millis().to_string()
    }
}

/// The number of the message whose last receive has this handle.
fn number_of(messages: &BTreeMap<u64, StoredMessage>, receipt_handle: &str) -> Option<u64> {
    let (id, _) = receipt_handle.split_once('#')?;
    let number = id.strip_prefix("message-")?.parse().ok()?;
    (messages.get(&number)?.receipt_handle() == receipt_handle).then_some(number)
}

/// Characters that SQS refuses in a body or an attribute (SendMessage, Amazon SQS API reference).
fn is_refused(c: char) -> bool {
    !matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

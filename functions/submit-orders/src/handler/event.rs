//! What the event source mapping of a queue sends, as far as this function reads it, and what it is answered (AWS
//! Lambda Developer Guide, "Using Lambda with Amazon SQS").

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize, de::IgnoredAny};
use serde_json::value::RawValue;
use shared::text::Text;

/// A batch of messages.
#[derive(Debug, Deserialize)]
pub struct Event<'a> {
    /// The messages.
    #[serde(borrow, rename = "Records")]
    pub records: Vec<Record<'a>>,
    /// A person who sends a batch beside `"check": true` wants no order posted.
    check: Option<IgnoredAny>,
}

impl<'a> Event<'a> {
    /// `None` where the input is not what the event source mapping sends.
    #[must_use]
    pub fn parse(input: &'a RawValue) -> Option<Self> {
        let event: Self = serde_json::from_str(input.get()).ok()?;
        event.check.is_none().then_some(event)
    }
}

/// One message, received once. What is missing is `None`: the function does what it can without.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record<'a> {
    #[serde(borrow)]
    message_id: Option<Text<'a>>,
    #[serde(borrow)]
    receipt_handle: Option<Text<'a>>,
    #[serde(borrow)]
    body: Option<Text<'a>>,
    #[serde(borrow)]
    attributes: Option<Attributes<'a>>,
}

/// What SQS knows of a message ("Message system attributes", Amazon SQS Developer Guide).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Attributes<'a> {
    #[serde(borrow)]
    approximate_receive_count: Option<Text<'a>>,
    #[serde(borrow)]
    sent_timestamp: Option<Text<'a>>,
    #[serde(borrow)]
    approximate_first_receive_timestamp: Option<Text<'a>>,
    #[serde(borrow, rename = "AWSTraceHeader")]
    trace_header: Option<Text<'a>>,
}

impl Record<'_> {
    /// The id that the answer names the message by. An empty one is as good as none.
    #[must_use]
    pub fn message_id(&self) -> Option<&str> {
        self.message_id.as_deref().filter(|id| !id.is_empty())
    }

    /// The handle that its visibility is changed by.
    #[must_use]
    pub fn receipt_handle(&self) -> Option<&str> {
        self.receipt_handle.as_deref()
    }

    /// What `fetch-customers` wrote; empty where there is none.
    #[must_use]
    pub fn body(&self) -> &str {
        self.body.as_deref().unwrap_or_default()
    }

    /// How often it was received, this time included.
    #[must_use]
    pub fn receives(&self) -> Option<u64> {
        let count = self.attributes.as_ref()?.approximate_receive_count.as_deref()?;
        count.parse().ok()
    }

    /// When it was sent.
    #[must_use]
    pub fn sent(&self) -> Option<SystemTime> {
        epoch_ms(self.attributes.as_ref()?.sent_timestamp.as_deref()?)
    }

    /// When it was received for the first time.
    #[must_use]
    pub fn first_received(&self) -> Option<SystemTime> {
        let attributes = self.attributes.as_ref()?;
        epoch_ms(attributes.approximate_first_receive_timestamp.as_deref()?)
    }

    /// The X-Ray header that it was sent with.
    #[must_use]
    pub fn trace_header(&self) -> Option<&str> {
        self.attributes.as_ref()?.trace_header.as_deref()
    }
}

/// A time as SQS writes it: milliseconds since 1970.
fn epoch_ms(text: &str) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_millis(text.parse().ok()?))
}

/// The answer: the messages that stay on the queue. All others are done ("Reporting batch item failures", same source).
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchResponse {
    /// Each of them once.
    pub batch_item_failures: Vec<ItemFailure>,
}

/// A message that stays on the queue.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ItemFailure {
    /// Its `messageId`.
    pub item_identifier: String,
}

//! A dead letter: what it says of itself. Nothing here holds a customer's data but the id.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_sqs::types::{Message as Received, MessageSystemAttributeName};
use serde::{Serialize, Serializer};
use shared::{
    domain::customer_id::CustomerId, domain::message::Message, domain::order_date::OrderDate,
    domain::order_id::OrderId, domain::rejection_reason::Reason, mapping::customer::read_customer_id,
};

/// Why a message is a dead letter, as far as it tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadLetterReason {
    /// `submit-orders` laid it down, with this reason.
    Rejected(Reason),
    /// It has no reason: the redrive policy moved it, since its attempts were used up.
    AttemptsUsedUp,
    /// It has a reason that nobody here gives: somebody else put it there.
    Unknown,
}

impl DeadLetterReason {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Rejected(Reason::MalformedMessage),
        Self::Rejected(Reason::InvalidCustomer),
        Self::Rejected(Reason::RejectedByDestination),
        Self::Rejected(Reason::Expired),
        Self::AttemptsUsedUp,
        Self::Unknown,
    ];

    /// The name in requests, summaries and logs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rejected(reason) => reason.as_str(),
            Self::AttemptsUsedUp => "attempts_used_up",
            Self::Unknown => "unknown",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// The names, for a person.
    pub(crate) fn names() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }
}

impl Serialize for DeadLetterReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A dead letter, without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// SQS's id.
    pub message_id: String,
    /// Why it is one.
    pub kind: DeadLetterReason,
    /// The reason's line for a person, where it has one.
    pub detail: Option<String>,
    /// Of the run that it comes from; none where the body is not what `fetch-customers` writes.
    pub order_date: Option<OrderDate>,
    /// The customer, where the body tells.
    pub customer_id: Option<CustomerId>,
    /// The order that it is to become, where the body tells.
    pub order_id: Option<OrderId>,
    /// Since when SQS keeps it: from then on its retention counts.
    pub sent: SystemTime,
}

impl DeadLetter {
    /// Reads what was received.
    #[must_use]
    pub fn read(received: &Received) -> Self {
        let text = |name: &str| {
            let attribute = received.message_attributes.as_ref()?.get(name)?;
            Some(attribute.string_value.clone().unwrap_or_default())
        };
        let kind = match text("reason") {
            None => DeadLetterReason::AttemptsUsedUp,
            Some(reason) => match DeadLetterReason::named(&reason) {
                Some(kind @ DeadLetterReason::Rejected(_)) => kind,
                Some(DeadLetterReason::AttemptsUsedUp | DeadLetterReason::Unknown) | None => {
                    DeadLetterReason::Unknown
                }
            },
        };
        let message = Message::parse(received.body.as_deref().unwrap_or_default()).ok();
        let order_date = message.as_ref().map(|message| message.order_date);
        let customer_id = message.and_then(|message| read_customer_id(message.customer));
        Self {
            message_id: received.message_id.clone().unwrap_or_default(),
            kind,
            detail: text("detail"),
            order_date,
            order_id: customer_id
                .as_ref()
                .zip(order_date)
                .map(|(customer, date)| OrderId::new(customer, date)),
            customer_id,
            sent: sent(received),
        }
    }
}

fn sent(received: &Received) -> SystemTime {
    let attributes = received.attributes.as_ref();
    let sent_ms = attributes
        .and_then(|attributes| attributes.get(&MessageSystemAttributeName::SentTimestamp))
        .and_then(|epoch_ms| epoch_ms.parse().ok());
    UNIX_EPOCH + Duration::from_millis(sent_ms.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::MessageAttributeValue;

    use super::*;

    fn received(body: &str, attributes: &[(&str, &str)]) -> Received {
        let mut message = Received::builder()
            .message_id("message-1")
            .body(body)
            .attributes(MessageSystemAttributeName::SentTimestamp, "1697380200123");
        for (name, value) in attributes {
            let value = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(*value);
            message = message.message_attributes(*name, value.build().unwrap());
        }
        message.build()
    }

    #[test]
    fn a_dead_letter_says_why_whose_and_since_when() {
        let attributes = [("reason", "invalid_customer"), ("detail", "email: required")];
        let letter = DeadLetter::read(&received(&fixture::message(&fixture::only_id(123)), &attributes));
        assert_eq!(letter.message_id, "message-1");
        assert_eq!(letter.kind, DeadLetterReason::Rejected(Reason::InvalidCustomer));
        assert_eq!(letter.detail.as_deref(), Some("email: required"));
        assert_eq!(letter.order_date.unwrap().to_string(), "2023-10-15T14:30:00Z");
        assert_eq!(letter.customer_id.unwrap().as_str(), "123");
        assert_eq!(letter.order_id.unwrap().as_str(), "ORD-20231015-TSKDTY56PWC8QZC3");
        assert_eq!(letter.sent, UNIX_EPOCH + Duration::from_millis(1_697_380_200_123));
    }

    #[test]
    fn without_a_reason_its_attempts_were_used_up_and_a_reason_of_others_is_unknown() {
        for (attributes, kind) in [
            (&[][..], DeadLetterReason::AttemptsUsedUp),
            (&[("note", "x")], DeadLetterReason::AttemptsUsedUp),
            (
                &[("reason", "expired")],
                DeadLetterReason::Rejected(Reason::Expired),
            ),
            (&[("reason", "by hand")], DeadLetterReason::Unknown),
            (&[("reason", "attempts_used_up")], DeadLetterReason::Unknown),
        ] {
            assert_eq!(
                DeadLetter::read(&received(&fixture::message(&fixture::only_id(123)), attributes)).kind,
                kind,
                "{attributes:?}"
            );
        }
    }

    #[test]
    fn what_a_body_does_not_tell_is_absent() {
        for (body, dated) in [
            ("no JSON", false),
            ("{}", false),
            (r#"{"order_date": "2023-10-15T14:30:00Z", "customer": {}}"#, true),
        ] {
            let letter = DeadLetter::read(&received(body, &[]));
            assert_eq!(letter.order_date.is_some(), dated, "{body}");
            assert_eq!((letter.customer_id, letter.order_id), (None, None), "{body}");
        }
    }
}

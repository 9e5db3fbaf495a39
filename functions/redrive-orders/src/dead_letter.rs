//! A dead letter: what it says about itself.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_sdk_sqs::types::{self, MessageSystemAttributeName};
use serde::{Serialize, Serializer};
use shared::{
    domain::customer_id::CustomerId,
    domain::message::Message,
    domain::order_date::OrderDate,
    domain::order_id::{OneOrderPer, OrderId},
    domain::rejection_reason::Reason,
    mapping::customer::read_customer_id,
};

/// Why a message is a dead letter, as far as it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeadLetterReason {
    /// `submit-orders` or `fetch-customers` dead-lettered it, with this reason.
    Rejected(Reason),
    /// It has no reason: the redrive policy moved it, because its attempts were used up.
    AttemptsUsedUp,
    /// It has a reason that none of the functions gives: another sender put it there.
    Unknown,
}

impl DeadLetterReason {
    pub const ALL: [Self; 6] = [
        Self::Rejected(Reason::MalformedMessage),
        Self::Rejected(Reason::InvalidCustomer),
        Self::Rejected(Reason::RejectedByDestination),
        Self::Rejected(Reason::Expired),
        Self::AttemptsUsedUp,
        Self::Unknown,
    ];

    /// Its name in requests, summaries and logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rejected(reason) => reason.as_str(),
            Self::AttemptsUsedUp => "attempts_used_up",
            Self::Unknown => "unknown",
        }
    }

    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name)
    }

    /// All names, for an error message.
    pub(crate) fn names() -> String {
        Self::ALL.map(Self::as_str).join(", ")
    }

    fn of_attribute(reason: Option<&str>) -> Self {
        match reason {
            None => Self::AttemptsUsedUp,
            Some(reason) => match Self::named(reason) {
                Some(reason @ Self::Rejected(_)) => reason,
                Some(Self::AttemptsUsedUp | Self::Unknown) | None => Self::Unknown,
            },
        }
    }
}

impl Serialize for DeadLetterReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// A dead letter, without its body: of the customer's data only the id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    pub message_id: String,
    pub reason: DeadLetterReason,
    /// The attribute `detail`, which may quote the destination: never logged.
    pub detail: Option<String>,
    /// `None` if the body is not a message of `fetch-customers`, such as a customer of the source that is not JSON or
    /// too large.
    pub order_date: Option<OrderDate>,
    /// `None` if the body does not have one.
    pub customer_id: Option<CustomerId>,
    /// The order that it is to become; `None` if one of the two above is.
    pub order_id: Option<OrderId>,
    /// When it was sent, which is when its retention period began.
    pub sent_at: SystemTime,
}

/// A dead letter that this invocation received. It is hidden until it is deleted or made visible.
#[derive(Debug)]
pub struct ReceivedLetter {
    pub letter: DeadLetter,
    /// SQS's handle of this receive.
    pub receipt_handle: String,
    /// Byte for byte as it was on the customer queue.
    pub body: String,
}

impl ReceivedLetter {
    /// `None` if SQS left out the id, the receipt handle or the body, without which nothing can be done with it.
    pub fn read(message: types::Message, one_order_per: OneOrderPer) -> Option<Self> {
        let message_id = message.message_id?;
        let (receipt_handle, body) = (message.receipt_handle?, message.body?);
        let attributes = message.message_attributes.unwrap_or_default();
        let text = |name: &str| {
            let attribute = attributes.get(name)?;
            Some(attribute.string_value.clone().unwrap_or_default())
        };
        let content = Message::parse(&body).ok();
        let order_date = content.as_ref().map(|content| content.order_date);
        let customer_id = content.and_then(|content| read_customer_id(content.customer));
        let order_id = customer_id.as_ref().zip(order_date);
        let letter = DeadLetter {
            message_id,
            reason: DeadLetterReason::of_attribute(text("reason").as_deref()),
            detail: text("detail"),
            order_date,
            order_id: order_id.map(|(customer, date)| OrderId::new(customer, date, one_order_per)),
            customer_id,
            sent_at: sent_at(message.attributes.as_ref()),
        };
        Some(Self {
            letter,
            receipt_handle,
            body,
        })
    }
}

/// `SentTimestamp` is in milliseconds since 1970 (`ReceiveMessage`, Amazon SQS API reference).
fn sent_at(attributes: Option<&HashMap<MessageSystemAttributeName, String>>) -> SystemTime {
    let sent_ms = attributes
        .and_then(|attributes| attributes.get(&MessageSystemAttributeName::SentTimestamp))
        .and_then(|epoch_ms| epoch_ms.parse().ok());
    let sent_ms = sent_ms.map(Duration::from_millis).unwrap_or_default();
    UNIX_EPOCH.checked_add(sent_ms).unwrap_or(UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use aws_sdk_sqs::types::{MessageAttributeValue, builders::MessageBuilder};

    use super::*;

    fn example() -> String {
        fixture::message(&fixture::only_id(123))
    }

    fn message(body: &str, attributes: &[(&str, &str)]) -> MessageBuilder {
        let mut message = types::Message::builder()
            .message_id("message-1")
            .receipt_handle("receipt-1")
            .body(body)
            .attributes(MessageSystemAttributeName::SentTimestamp, "1697380200123");
        for (name, value) in attributes {
            let value = MessageAttributeValue::builder()
                .data_type("String")
                .string_value(*value);
            message = message.message_attributes(*name, value.build().unwrap());
        }
        message
    }

    fn received(message: MessageBuilder) -> Option<ReceivedLetter> {
        ReceivedLetter::read(message.build(), OneOrderPer::Run)
    }

    fn read(body: &str, attributes: &[(&str, &str)]) -> DeadLetter {
        received(message(body, attributes)).unwrap().letter
    }

    #[test]
    fn dead_letter_is_read_from_body_and_attributes() {
        let attributes = [("reason", "invalid_customer"), ("detail", "email: required")];
        let letter = read(&example(), &attributes);
        assert_eq!(letter.message_id, "message-1");
        assert_eq!(letter.reason, DeadLetterReason::Rejected(Reason::InvalidCustomer));
        assert_eq!(letter.detail.as_deref(), Some("email: required"));
        assert_eq!(letter.order_date.unwrap().to_string(), "2023-10-15T14:30:00Z");
        assert_eq!(letter.customer_id.unwrap().as_str(), "123");
        assert_eq!(letter.order_id.unwrap().as_str(), "ORD-20231015-TSKDTY56PWC8QZC3");
        assert_eq!(
            letter.sent_at,
            UNIX_EPOCH + Duration::from_millis(1_697_380_200_123)
        );
    }

    #[test]
    fn order_id_depends_on_one_order_per() {
        let message = message(&example(), &[]).build();
        let received = ReceivedLetter::read(message, OneOrderPer::Customer).unwrap();
        assert_eq!(received.letter.order_id.unwrap().as_str(), "ORD-30911Y7SRXWW4VD1");
    }

    #[test]
    fn reason_is_attempts_used_up_without_attribute() {
        for (attributes, reason) in [
            (&[][..], DeadLetterReason::AttemptsUsedUp),
            (&[("note", "x")], DeadLetterReason::AttemptsUsedUp),
            (
                &[("reason", "expired")],
                DeadLetterReason::Rejected(Reason::Expired),
            ),
            (&[("reason", "by hand")], DeadLetterReason::Unknown),
            (&[("reason", "attempts_used_up")], DeadLetterReason::Unknown),
        ] {
            assert_eq!(read(&example(), attributes).reason, reason, "{attributes:?}");
        }
    }

    #[test]
    fn body_of_another_shape_has_no_order() {
        for (body, has_order_date) in [
            ("no JSON", false),
            (r#"{"balance": NaN}"#, false),
            ("{}", false),
            (r#"{"order_date": "2023-10-15T14:30:00Z", "customer": {}}"#, true),
        ] {
            let letter = read(body, &[]);
            assert_eq!(letter.order_date.is_some(), has_order_date, "{body}");
            assert_eq!((letter.customer_id, letter.order_id), (None, None), "{body}");
        }
    }

    #[test]
    fn incomplete_message_is_not_read() {
        assert!(received(message(&example(), &[]).set_message_id(None)).is_none());
        assert!(received(message(&example(), &[]).set_receipt_handle(None)).is_none());
        assert!(received(message(&example(), &[]).set_body(None)).is_none());
    }

    #[test]
    fn absurd_sent_timestamp_does_not_overflow() {
        let sent_at = |value: &str| {
            let message = message(&example(), &[]).set_attributes(None);
            let message = message.attributes(MessageSystemAttributeName::SentTimestamp, value);
            received(message).unwrap().letter.sent_at
        };
        assert_eq!(sent_at("yesterday"), UNIX_EPOCH);
        assert!(sent_at(&u64::MAX.to_string()) >= UNIX_EPOCH);
    }
}

//! The message from `fetch-customers` to `submit-orders`.

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::{domain::order_date::OrderDate, fields::fields, text::Text};

/// One customer on the queue, with the order date of its run.
///
/// # Format
/// `{"order_date": "2023-10-15T14:30:00Z", "customer": …}`, the customer exactly as the source wrote it.
#[derive(Debug, Clone)]
pub struct Message<'a> {
    /// The order date of the run that enqueued the message.
    pub order_date: OrderDate,
    /// One element of the source's array, verbatim.
    pub customer: &'a RawValue,
}

/// The body of a message is not what `fetch-customers` writes. The text names the rule, never a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedMessage {
    #[error("the message is not JSON: line {line}, column {column}")]
    NotJson {
        /// Counted from 1.
        line: usize,
        /// Counted from 1; 0 at the start of a line.
        column: usize,
    },
    #[error("the message must be an object with one `order_date` and one `customer`")]
    NotAMessage,
    #[error("order_date: must be an RFC 3339 date and time, such as 2023-10-15T14:30:00Z")]
    OrderDate,
}

impl<'a> Message<'a> {
    /// The message's body, as [`Self::parse`] reads it.
    pub fn to_body(&self) -> String {
        Self::frame(self.order_date, self.customer.get())
    }

    /// What [`Self::to_body`] puts around a customer, around any text.
    pub fn frame(order_date: OrderDate, customer: &str) -> String {
        // Neither part needs an escape, and there is a body for every customer: put together, not serialized.
        let order_date = order_date.to_string();
        [
            r#"{"order_date":""#,
            &order_date,
            r#"","customer":"#,
            customer,
            "}",
        ]
        .concat()
    }

    /// Reads a message's body. Fields that are not known are ignored.
    ///
    /// # Errors
    /// The body is not what `fetch-customers` writes: the message is rejected.
    pub fn parse(body: &'a str) -> Result<Self, MalformedMessage> {
        let Ok([Some(order_date), Some(customer)]) = fields(body, ["order_date", "customer"]) else {
            return Err(MalformedMessage::of(body));
        };
        let order_date: Text<'_> =
            serde_json::from_str(order_date.get()).map_err(|_| MalformedMessage::OrderDate)?;
        let order_date = order_date.parse().map_err(|_| MalformedMessage::OrderDate)?;
        Ok(Self { order_date, customer })
    }
}

impl MalformedMessage {
    /// Of a body without the fields: whether it is JSON.
    fn of(body: &str) -> Self {
        match serde_json::from_str::<IgnoredAny>(body) {
            Ok(_) => Self::NotAMessage,
            Err(error) => Self::NotJson {
                line: error.line(),
                column: error.column(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn customer_is_kept_verbatim() {
        let customer = r#"{ "customer_id":1.50e1,  "x":"\u00e9\/" }"#;
        let raw = RawValue::from_string(customer.to_owned()).unwrap();
        let message = Message {
            order_date: "2023-10-15T14:30:00Z".parse().unwrap(),
            customer: &raw,
        };
        let body = message.to_body();
        assert_eq!(
            body,
            format!(r#"{{"order_date":"2023-10-15T14:30:00Z","customer":{customer}}}"#)
        );
        let read = Message::parse(&body).unwrap();
        assert_eq!(read.customer.get(), customer);
        assert_eq!(read.order_date, message.order_date);
    }

    #[test]
    fn malformed_body_is_named_by_its_rule() {
        use MalformedMessage::*;
        for (body, expected) in [
            ("", NotJson { line: 1, column: 0 }),
            ("hello", NotJson { line: 1, column: 1 }),
            (
                r#"{"order_date": "2023-10-15T14:30:00Z", "customer": {"#,
                NotJson { line: 1, column: 52 },
            ),
            ("[]", NotAMessage),
            (r#"["2023-10-15T14:30:00Z", {}]"#, NotAMessage),
            ("null", NotAMessage),
            (r#"{"customer": {}}"#, NotAMessage),
            (r#"{"order_date": "2023-10-15T14:30:00Z"}"#, NotAMessage),
            (
                r#"{"order_date": "2023-10-15T14:30:00Z", "customer": 1, "customer": 2}"#,
                NotAMessage,
            ),
            (r#"{"order_date": 5, "customer": {}}"#, OrderDate),
            (r#"{"order_date": "yesterday", "customer": {}}"#, OrderDate),
        ] {
            assert_eq!(Message::parse(body).unwrap_err(), expected, "{body}");
        }
    }
}

//! A customer that cannot become a message becomes a dead letter: one that is no JSON, or is too large.
//!
//! The dead letter's body is the message that it would have become, with its own text in it, as far as SQS can hold it.
//! That is no JSON either, since its end is missing if it is too large: a redrive sends it to `submit-orders`, which
//! rejects it with the same reason again. Nothing is ordered for a customer whose text was damaged or cut.

use std::fmt;

use shared::domain::{message::Message, order_date::OrderDate};

use crate::sender::message::MAX_BODY_BYTES;

/// Why a customer cannot become a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unusable {
    NotJson,
    TooLarge {
        /// Of the customer.
        bytes: u64,
    },
}

/// Where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// From 1.
    pub(crate) page: u64,
    /// Among the customers of the run, from 0.
    pub(crate) index: u64,
    /// The byte of the page, from 0, at which it begins, or at which it stops being JSON.
    pub(crate) byte: u64,
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson => f.write_str("the customer is not JSON"),
            Self::TooLarge { bytes } => {
                write!(f, "the customer is too large for a message, with {bytes} bytes")
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { page, index, byte } = self;
        write!(f, "page {page} of the source, index {index}, byte {byte}")
    }
}

/// The body of the dead letter: at most [`MAX_BODY_BYTES`] of it. `customer` is its text, or as much of it as a body holds.
pub(crate) fn body(order_date: OrderDate, customer: &[u8]) -> String {
    let mut body = Message::frame(order_date, &text(customer));
    let end = body.floor_char_boundary(MAX_BODY_BYTES);
    body.truncate(end);
    body
}

/// The customer's text, as far as SQS can hold it. What it cannot hold, and bytes that are no UTF-8, are written `\xHH` each,
/// which is an escape in no JSON.
fn text(element: &[u8]) -> String {
    let mut text = String::with_capacity(element.len());
    // A backslash before such an escape would take its own one away.
    let mut escaped = false;
    let push_byte = |text: &mut String, escaped: &mut bool, byte: u8| {
        if !std::mem::take(escaped) {
            text.push('\\');
        }
        text.push_str(&format!("x{byte:02X}"));
    };
    for chunk in element.utf8_chunks() {
        for character in chunk.valid().chars() {
            match character {
                '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'.. => {
                    text.push(character);
                    escaped = character == '\\' && !escaped;
                }
                _ => {
                    let mut bytes = [0; 4];
                    for byte in character.encode_utf8(&mut bytes).bytes() {
                        push_byte(&mut text, &mut escaped, byte);
                    }
                }
            }
        }
        for byte in chunk.invalid() {
            push_byte(&mut text, &mut escaped, *byte);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::IgnoredAny;

    use super::*;

    fn is_json(text: &[u8]) -> bool {
        serde_json::from_slice::<IgnoredAny>(text).is_ok() && std::str::from_utf8(text).is_ok()
    }

    #[test]
    fn text_that_sqs_holds_stays_verbatim() {
        let element = "{\"a\":NaN,\t\r\n\"b\": \"é李🏠\"}";
        assert_eq!(text(element.as_bytes()), element);
    }

    #[test]
    fn other_bytes_become_escapes() {
        for (element, expected) in [
            (&b"{\"name\":\"Jos\xe9\"}"[..], r#"{"name":"Jos\xE9"}"#),
            (b"\"\0\x1b\"", r#""\x00\x1B""#),
            (b"\"\\\xff\"", r#""\xFF""#),
            (b"\"\\\\\xff\"", r#""\\\xFF""#),
            (b"NaN \xef\xbf\xbf", r"NaN \xEF\xBF\xBF"),
        ] {
            assert_eq!(text(element), expected);
        }
    }

    #[test]
    fn body_is_a_message_with_the_text() {
        let order_date = "2023-10-15T14:30:00Z".parse().unwrap();
        assert_eq!(
            body(order_date, b"{\"a\":NaN}"),
            r#"{"order_date":"2023-10-15T14:30:00Z","customer":{"a":NaN}}"#
        );
    }

    #[test]
    fn long_body_is_cut_between_characters() {
        let order_date = "2023-10-15T14:30:00Z".parse().unwrap();
        let long = body(order_date, &[b'x'; MAX_BODY_BYTES]);
        assert_eq!(long.len(), MAX_BODY_BYTES);
        // Three bytes each: one of the three limits is in the middle of a character, and one of the three beginnings ends
        // in the middle of one.
        for before in ["", "x", "xx"] {
            let characters = before.to_owned() + &"李".repeat(MAX_BODY_BYTES / 3 + 1);
            let long = body(order_date, &characters.as_bytes()[..MAX_BODY_BYTES]);
            assert!(
                (MAX_BODY_BYTES - 2..=MAX_BODY_BYTES).contains(&long.len()),
                "{}",
                long.len()
            );
            assert!(long.ends_with("李"), "{before}");
        }
    }

    proptest! {
        #[test]
        fn what_is_no_json_never_becomes_json(
            element in proptest::collection::vec(prop::sample::select(&b"\"\\{}[]:,1 \0\t\xc3\xa9\xff"[..]), 0..12)
        ) {
            let text = text(&element);
            prop_assert!(is_json(&element) || !is_json(text.as_bytes()), "{text}");
        }
    }
}

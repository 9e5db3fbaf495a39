//! An element of the source's list that is no JSON becomes a dead letter.
//!
//! The dead letter's body is the message that the element would have become, with the element's own text in it. That is no
//! JSON either: a redrive sends it to `submit-orders`, which rejects it with the same reason again. Nothing is ordered
//! for a customer whose text was damaged.

use shared::domain::{message::Message, order_date::OrderDate};

use crate::{sender::message::MAX_BODY_BYTES, source::json_array::Malformed};

/// The body of the dead letter: at most [`MAX_BODY_BYTES`] of it.
pub(crate) fn body(order_date: OrderDate, element: &Malformed) -> String {
    let mut body = Message::frame(order_date, &text(&element.text));
    let end = body.floor_char_boundary(MAX_BODY_BYTES);
    body.truncate(end);
    body
}

/// Where it is, for a person. `index` is the element's place in the run, from 0; the page is counted from 1.
pub(crate) fn detail(page: u64, index: u64, element: &Malformed) -> String {
    format!(
        "the customer is not JSON: page {page} of the source, index {index}, byte {}",
        element.at
    )
}

/// The element's text, as far as SQS can hold it. What it cannot hold, and bytes that are no UTF-8, are written `\xHH` each,
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
        let element = |text: &[u8]| Malformed {
            text: text.to_vec(),
            at: 7,
        };
        assert_eq!(
            body(order_date, &element(b"{\"a\":NaN}")),
            r#"{"order_date":"2023-10-15T14:30:00Z","customer":{"a":NaN}}"#
        );
        let long = body(order_date, &element(&[b'x'; MAX_BODY_BYTES]));
        assert_eq!(long.len(), MAX_BODY_BYTES);
        // Three bytes each: the limit is in the middle of a character.
        let long = body(order_date, &element("李".repeat(MAX_BODY_BYTES / 3).as_bytes()));
        assert!(
            (MAX_BODY_BYTES - 2..=MAX_BODY_BYTES).contains(&long.len()),
            "{}",
            long.len()
        );
        assert_eq!(
            detail(2, 12, &element(b"NaN")),
            "the customer is not JSON: page 2 of the source, index 12, byte 7"
        );
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

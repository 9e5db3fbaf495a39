//! JSON text, read without a copy where it can be, and text that is fit for one line of a log.

use std::{borrow::Cow, ops::Deref};

use serde::Deserialize;

/// A JSON string. It is a part of the JSON itself where it stands there without an escape, as most do.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// The most characters of a text that is logged or kept in an attribute: enough for a sentence or two. SQS would take
/// more, but a dead letter is read in a console's column.
pub const MAX_LINE: usize = 300;

/// One line of at most [`MAX_LINE`] characters that SQS and a terminal accept: control characters and non-characters
/// become blanks.
#[must_use]
pub fn one_line(text: &str) -> String {
    let printable = |c: char| {
        if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') {
            ' '
        } else {
            c
        }
    };
    let words: String = text.chars().take(8 * MAX_LINE).map(printable).collect();
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= MAX_LINE {
        return words;
    }
    words.chars().take(MAX_LINE - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_is_bounded_and_printable() {
        assert_eq!(
            one_line("<h1>\n\tBad\u{7} Request\u{ffff}</h1>"),
            "<h1> Bad Request </h1>"
        );
        assert_eq!(one_line(" \r\n"), "");
        let long = one_line(&"é".repeat(100_000));
        assert_eq!(long.chars().count(), MAX_LINE);
        assert!(long.ends_with('…'));
    }

    #[test]
    fn only_what_has_an_escape_is_copied() {
        let text = |json| serde_json::from_str::<Text<'_>>(json).unwrap().0;
        assert!(matches!(text(r#""é x""#), Cow::Borrowed("é x")));
        assert!(matches!(text(r#""\u00e9 x""#), Cow::Owned(copy) if copy == "é x"));
    }
}

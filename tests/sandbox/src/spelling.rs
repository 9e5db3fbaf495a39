//! The ways in which servers repeat a text that they were sent.

use data_encoding::BASE64;
use serde::Deserialize;
use url::form_urlencoded;

/// One way to spell a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spelling {
    Plain,
    Upper,
    Lower,
    /// As inside a JSON string, with `\u` for every character outside of ASCII.
    JsonEscaped,
    /// As inside a JSON string that is itself inside a JSON string.
    JsonInJson,
    /// As a parameter of a form: `+` for a blank.
    Form,
    /// Percent-encoded, `%20` for a blank.
    Percent,
    /// With the five entities of HTML.
    Html,
    /// The same with a numeric reference for every character outside of ASCII.
    HtmlNumeric,
    Base64,
    /// What is left of a phone number.
    Digits,
}

impl Spelling {
    pub const ALL: [Self; 11] = [
        Self::Plain,
        Self::Upper,
        Self::Lower,
        Self::JsonEscaped,
        Self::JsonInJson,
        Self::Form,
        Self::Percent,
        Self::Html,
        Self::HtmlNumeric,
        Self::Base64,
        Self::Digits,
    ];

    pub fn spell(self, text: &str) -> String {
        match self {
            Self::Plain => text.to_owned(),
            Self::Upper => text.to_uppercase(),
            Self::Lower => text.to_lowercase(),
            Self::JsonEscaped => json_escaped(text),
            Self::JsonInJson => json_escaped(&json_escaped(text)),
            Self::Form => form_urlencoded::byte_serialize(text.as_bytes()).collect(),
            Self::Percent => Self::Form.spell(text).replace('+', "%20"),
            Self::Html => text.chars().map(html).collect(),
            Self::HtmlNumeric => text.chars().map(html_numeric).collect(),
            Self::Base64 => BASE64.encode(text.as_bytes()),
            Self::Digits => text.chars().filter(char::is_ascii_digit).collect(),
        }
    }
}

fn json_escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    let inside = quoted.get(1..quoted.len() - 1).unwrap_or_default();
    let mut escaped = String::with_capacity(inside.len());
    for c in inside.chars() {
        if c.is_ascii() {
            escaped.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    escaped
}

fn html(c: char) -> String {
    match c {
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '"' => "&quot;".to_owned(),
        '\'' => "&#39;".to_owned(),
        other => other.to_string(),
    }
}

fn html_numeric(c: char) -> String {
    if c.is_ascii() {
        html(c)
    } else {
        format!("&#{};", u32::from(c))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_spelled_in_every_way() {
        let text = "Zo\u{eb} \"D\" & 1-2";
        let spelled = Spelling::ALL.map(|spelling| spelling.spell(text));
        assert_eq!(
            spelled,
            [
                "Zo\u{eb} \"D\" & 1-2",
                "ZO\u{cb} \"D\" & 1-2",
                "zo\u{eb} \"d\" & 1-2",
                r#"Zo\u00eb \"D\" & 1-2"#,
                r#"Zo\\u00eb \\\"D\\\" & 1-2"#,
                "Zo%C3%AB+%22D%22+%26+1-2",
                "Zo%C3%AB%20%22D%22%20%26%201-2",
                "Zo\u{eb} &quot;D&quot; &amp; 1-2",
                "Zo&#235; &quot;D&quot; &amp; 1-2",
                "Wm/DqyAiRCIgJiAxLTI=",
                "12",
            ]
        );
    }

    #[test]
    fn character_beyond_first_plane_is_surrogate_pair() {
        assert_eq!(Spelling::JsonEscaped.spell("\u{1f600}"), r"\ud83d\ude00");
    }
}

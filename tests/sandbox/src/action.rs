//! What happens to a request that a rule has chosen.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Deserializer};

/// What happens to a request. `instead`, where there is a choice, replaces the genuine answer: then nothing is
/// processed, so no order is stored and no token issued.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// Nothing: it is processed and answered. For rules of latency alone.
    #[default]
    Pass,
    /// This answer; nothing is processed.
    Answer(Answer),
    /// RST without an answer; nothing is processed.
    Reset,
    /// FIN without an answer; nothing is processed.
    Close,
    /// No answer until the client goes away; nothing is processed.
    Hang,
    /// Processed (an order is stored), then RST without an answer.
    LoseAnswer,
    /// `Content-Length` of the whole answer, half of it, and the end of the connection.
    Truncate {
        /// End it by RST, not by FIN.
        #[serde(default)]
        reset: bool,
        /// Not the genuine answer.
        #[serde(default)]
        instead: Option<Answer>,
    },
    /// The answer byte by byte.
    Slow {
        /// Milliseconds before each byte.
        delay_ms: u64,
        /// Not the genuine answer.
        #[serde(default)]
        instead: Option<Answer>,
    },
    /// Blanks in front of the answer, which leave JSON as valid as it was: only a bound on what is read refuses it.
    Oversize {
        /// How many blanks.
        bytes: u64,
        /// Not the genuine answer.
        #[serde(default)]
        instead: Option<Answer>,
    },
}

impl From<Answer> for Action {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}

/// An answer made up by a rule. Without a body, an error carries a problem (RFC 9457) and all else nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Names and values, unchecked: `retry-after`, `location`, `content-type`, `link`.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body; in JSON, text.
    #[serde(default, deserialize_with = "text_as_bytes")]
    pub body: Option<Bytes>,
}

impl Answer {
    /// A status, with a problem for a body if it is an error.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// A redirect (307) to `location`.
    pub fn redirect(location: impl Into<String>) -> Self {
        Self::status(307).header("location", location)
    }

    /// With a header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.insert(name.into(), value.into());
        self
    }

    /// With `Retry-After`: seconds, an HTTP date, or what a client should survive.
    pub fn retry_after(self, value: impl ToString) -> Self {
        self.header("retry-after", value.to_string())
    }

    /// With these bytes.
    pub fn body(mut self, content_type: impl Into<String>, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self.header("content-type", content_type)
    }
}

fn text_as_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Bytes>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.map(Bytes::from))
}

//! What happens to a request that a rule has chosen.

use bytes::Bytes;
use serde::Deserialize;

use crate::alteration::Alteration;
use crate::answer::Answer;
use crate::echo::Echo;
use crate::raw::RawAnswer;
use crate::settings::Compression;
use crate::under_way::UnderWay;

/// What happens to a request. `instead`, where there is a choice, replaces the genuine answer: then nothing is
/// processed, so no order is stored and no token issued.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Action {
    /// It is processed and answered as usual. For rules that only add latency.
    #[default]
    Pass,
    /// This answer; nothing is processed.
    Answer(Answer),
    /// These bytes, whether or not they are HTTP; nothing is processed.
    Raw(RawAnswer),
    /// The genuine answer with another status, other headers, or bytes in front of its body.
    Alter(Alteration),
    /// An answer that repeats what was sent; nothing is processed.
    Echo(Echo),
    /// RST without an answer; nothing is processed.
    Reset,
    /// FIN without an answer; nothing is processed.
    Close,
    /// No answer until the client goes away; nothing is processed.
    Hang,
    /// Processed (an order is stored), then RST without an answer.
    LoseAnswer,
    /// A POST to `/orders` goes on for a while, whether or not its client waits. At other endpoints like `pass`.
    UnderWay(UnderWay),
    /// The whole answer, then the end of the connection, without a `Connection: close` that announces it.
    Disconnect {
        /// End it by RST, not by FIN.
        #[serde(default)]
        reset: bool,
        #[serde(default)]
        instead: Option<Answer>,
    },
    /// `Content-Length` of the whole answer, half of it, and the end of the connection.
    Truncate {
        /// End it by RST, not by FIN.
        #[serde(default)]
        reset: bool,
        #[serde(default)]
        instead: Option<Answer>,
    },
    /// The answer byte by byte.
    Slow {
        /// Milliseconds before each byte.
        delay_ms: u64,
        #[serde(default)]
        instead: Option<Answer>,
    },
    /// Blanks in front of the answer. JSON stays valid, so that only a limit on what is read refuses it.
    Oversize {
        bytes: u64,
        #[serde(default)]
        instead: Option<Answer>,
    },
    /// As `oversize`, compressed whether or not the client accepts that: a few KiB that become `bytes`.
    Bomb {
        coding: Compression,
        bytes: u64,
        /// NUL bytes instead of blanks.
        #[serde(default)]
        zeros: bool,
        #[serde(default)]
        instead: Option<Answer>,
    },
}

impl Action {
    /// These bytes, on a connection that stays open: a file of `cases`, for example.
    pub fn raw(bytes: impl Into<Bytes>) -> Self {
        Self::Raw(RawAnswer::new(bytes))
    }

    /// Blanks in front of the genuine answer, compressed whether or not the client accepts that.
    pub fn bomb(coding: Compression, bytes: u64) -> Self {
        Self::Bomb {
            coding,
            bytes,
            zeros: false,
            instead: None,
        }
    }
}

impl From<Answer> for Action {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}

impl From<RawAnswer> for Action {
    fn from(answer: RawAnswer) -> Self {
        Self::Raw(answer)
    }
}

impl From<Alteration> for Action {
    fn from(alteration: Alteration) -> Self {
        Self::Alter(alteration)
    }
}

impl From<Echo> for Action {
    fn from(echo: Echo) -> Self {
        Self::Echo(echo)
    }
}

impl From<UnderWay> for Action {
    fn from(under_way: UnderWay) -> Self {
        Self::UnderWay(under_way)
    }
}

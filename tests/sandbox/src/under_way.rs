//! POSTs to `/orders` that the destination goes on with when their client has gone, and that others meet.

pub(crate) mod process;

use serde::Deserialize;

/// A POST to `/orders` that takes its time, whether or not its client waits. Until it ends, other POSTs with its
/// idempotency key get 409, "a first request with this key is still running", as Stripe says it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UnderWay {
    /// It ends after so many milliseconds. Without them [`Sandbox::finish_requests`](crate::Sandbox::finish_requests)
    /// ends it.
    pub ends_after_ms: Option<u64>,
    /// It ends with a 500 and stores nothing. Otherwise it is then processed.
    pub fails: bool,
    /// RST at its beginning: its client never gets an answer.
    pub lose_answer: bool,
}

impl UnderWay {
    /// Until [`Sandbox::finish_requests`](crate::Sandbox::finish_requests); then it is processed.
    pub fn new() -> Self {
        Self::default()
    }

    pub fn ends_after_ms(mut self, milliseconds: u64) -> Self {
        self.ends_after_ms = Some(milliseconds);
        self
    }

    pub fn fails(mut self) -> Self {
        self.fails = true;
        self
    }

    pub fn lose_answer(mut self) -> Self {
        self.lose_answer = true;
        self
    }
}

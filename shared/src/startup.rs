//! What both `main`s do around their handler.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use tokio::time::Instant;

/// A function could not be set up. The text says why, once for all invocations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotReady(String);

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotReady {}

/// Keeps a function alive that could not be set up, so that every invocation is answered with the reason:
/// whoever invokes it by hand sees what to change, which the crash of a process would not tell them.
///
/// # Errors
/// The reason, also logged here.
pub fn ready<T>(set_up: Result<T, impl fmt::Display>) -> Result<T, NotReady> {
    set_up.map_err(|error| {
        let reason = error.to_string();
        tracing::error!(reason, "the function cannot start");
        NotReady(reason)
    })
}

/// The instant at which Lambda ends the invocation, from its deadline in milliseconds since 1970.
#[must_use]
pub fn deadline(epoch_ms: u64) -> Instant {
    let until = UNIX_EPOCH
        .checked_add(Duration::from_millis(epoch_ms))
        .unwrap_or(UNIX_EPOCH);
    let left = until.duration_since(SystemTime::now()).unwrap_or_default();
    // Lambda's longest time-out is 15 minutes; the bound keeps a local emulator's deadline from overflowing.
    Instant::now() + left.min(Duration::from_secs(15 * 60))
}

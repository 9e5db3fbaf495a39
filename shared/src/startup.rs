//! What every `main` does around its handler.

use std::{
    fmt,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use lambda_runtime::Diagnostic;
use tokio::time::Instant;

use crate::invocation::failure;

/// A function could not be set up. The text says why, once for all invocations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotReady(String);

impl fmt::Display for NotReady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NotReady {}

impl From<NotReady> for Diagnostic {
    fn from(error: NotReady) -> Self {
        failure("NotReady", &error)
    }
}

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

/// How long an invocation may take whose deadline is past when it begins. Lambda sends no such thing;
/// cargo-lambda's emulator (1.9.2) sends 600,000 ms as if that were a time of day, and means ten minutes.
const UNTOLD: Duration = Duration::from_secs(600);

/// The instant at which Lambda ends the invocation, from its deadline in milliseconds since 1970.
#[must_use]
pub fn deadline(epoch_ms: u64) -> Instant {
    let until = UNIX_EPOCH
        .checked_add(Duration::from_millis(epoch_ms))
        .unwrap_or(UNIX_EPOCH);
    let left = until.duration_since(SystemTime::now()).unwrap_or(UNTOLD);
    // Lambda's longest time-out is 15 minutes; the bound keeps a wrong deadline from overflowing.
    Instant::now() + left.min(Duration::from_secs(15 * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs_left(epoch_ms: u64) -> f64 {
        (deadline(epoch_ms) - Instant::now()).as_secs_f64().round()
    }

    #[test]
    fn a_deadline_is_as_far_away_as_it_says_within_reason() {
        let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
        assert_eq!(secs_left(now + 60_000), 60.0);
        assert_eq!(secs_left(now + 86_400_000), 900.0);
        assert_eq!(secs_left(u64::MAX), 900.0);
        assert_eq!(secs_left(600_000), 600.0);
    }
}

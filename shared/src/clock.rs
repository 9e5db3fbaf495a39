//! The time of day, injected, so that a test decides what time it is.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

/// Returns the time of day: for HTTP dates, and for the times that SQS and Lambda give. Lengths of time are measured
/// with tokio's `Instant`, which no correction of the clock changes.
pub type WallClock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// The clock of the system.
pub fn system() -> WallClock {
    Arc::new(SystemTime::now)
}

/// Whole milliseconds, as logs and metrics state a length of time.
pub fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

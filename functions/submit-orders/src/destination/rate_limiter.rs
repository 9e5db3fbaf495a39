//! The rate limit of this instance.

use std::time::Duration;

use governor::{
    Quota, RateLimiter as Governor,
    clock::Clock,
    middleware::NoOpMiddleware,
    state::{InMemoryState, NotKeyed},
};
use tokio::time::Instant;

/// Spaces the POSTs of this instance.
pub(crate) struct RateLimiter(
    Option<Governor<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<std::time::Instant>>>,
);

/// The next turn would come after the deadline.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DeadlineExceeded;

impl RateLimiter {
    /// `interval` is the least time from one POST to the next; `None` sets no limit.
    pub(crate) fn new(interval: Option<Duration>) -> Self {
        let quota = interval.and_then(Quota::with_period);
        Self(quota.map(|quota| Governor::direct_with_clock(quota, TokioClock)))
    }

    /// Returns when the next POST may be sent.
    ///
    /// # Errors
    /// At once, where that would be after `deadline`.
    pub(crate) async fn turn(&self, deadline: Instant) -> Result<(), DeadlineExceeded> {
        let Some(governor) = &self.0 else { return Ok(()) };
        while let Err(not_yet) = governor.check() {
            let turn = Instant::now() + not_yet.wait_time_from(TokioClock.now());
            if turn > deadline {
                return Err(DeadlineExceeded);
            }
            tokio::time::sleep_until(turn).await;
        }
        Ok(())
    }
}

/// tokio's clock, which a test can pause.
#[derive(Clone)]
struct TokioClock;

impl Clock for TokioClock {
    type Instant = std::time::Instant;

    fn now(&self) -> std::time::Instant {
        Instant::now().into_std()
    }
}

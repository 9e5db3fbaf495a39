//! The halt: when the destination is down for every order, one call in a while finds out whether it still is.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

/// How long a halt lasts where nobody asks for longer: the first step of a message's own backoff.
pub const OPEN_DURATION: Duration = shared::http::backoff::BASE_DELAY;

/// So many failures of the environment in a row are an outage, not a hiccup.
pub const FAILURE_THRESHOLD: u32 = 5;

/// Lets calls pass, or not. Lives as long as the instance does.
#[derive(Default)]
pub struct CircuitBreaker {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    failures: u32,
    /// Set from the first halt on, until a call succeeds.
    halted_until: Option<Instant>,
    probing: bool,
}

/// Leave to make one call. Its outcome is told by one of its methods; dropped untold (a panic, a cancelled
/// future), it changes nothing but who may go next.
#[must_use]
pub struct Permit<'a> {
    gate: &'a CircuitBreaker,
    probe: bool,
}

/// No call may be made for this long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CircuitOpen(pub Duration);

impl CircuitBreaker {
    /// Whether a halt is on now, without asking for a pass.
    ///
    /// # Errors
    /// It is.
    pub fn check(&self) -> Result<(), CircuitOpen> {
        let left = self
            .lock()
            .halted_until
            .map(|until| until.saturating_duration_since(Instant::now()));
        left.filter(|left| !left.is_zero())
            .map_or(Ok(()), |left| Err(CircuitOpen(left)))
    }

    /// Waits for leave to make a call. After a halt one call goes ahead as a probe, and the others wait for
    /// what becomes of it.
    ///
    /// # Errors
    /// A halt is on.
    pub async fn enter(&self) -> Result<Permit<'_>, CircuitOpen> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // From here on a change is not missed, even if nobody polls yet.
            changed.as_mut().enable();
            self.check()?;
            {
                let mut state = self.lock();
                if state.halted_until.is_none() {
                    return Ok(Permit {
                        gate: self,
                        probe: false,
                    });
                }
                if !state.probing {
                    state.probing = true;
                    return Ok(Permit {
                        gate: self,
                        probe: true,
                    });
                }
            }
            changed.await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change is one assignment after the other: a panic leaves nothing half done that matters.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// The destination answered for this order: whatever was wrong is over.
    pub fn answered(self) {
        let mut state = self.gate.lock();
        state.failures = 0;
        state.halted_until = None;
    }

    /// The environment failed: busy or unreachable. The fifth time in a row, or on a probe, a halt begins.
    pub fn failed(self, min_delay: Duration) {
        let mut state = self.gate.lock();
        state.failures = state.failures.saturating_add(1);
        if self.probe || state.failures >= FAILURE_THRESHOLD {
            state.halt(min_delay);
        }
    }

    /// No order would get through: a halt begins at once.
    pub fn misconfigured(self, min_delay: Duration) {
        self.gate.lock().halt(min_delay);
    }
}

impl State {
    fn halt(&mut self, min_delay: Duration) {
        let most = shared::http::backoff::LONGEST_VISIBILITY;
        let until = Instant::now() + min_delay.clamp(OPEN_DURATION, most);
        self.halted_until = Some(self.halted_until.map_or(until, |before| before.max(until)));
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.probe {
            self.gate.lock().probing = false;
        }
        self.gate.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    const ZERO: Duration = Duration::ZERO;

    #[tokio::test(start_paused = true)]
    async fn the_fifth_failure_in_a_row_halts() {
        let gate = CircuitBreaker::default();
        for _ in 0..4 {
            gate.enter().await.ok().unwrap().failed(ZERO);
        }
        gate.enter().await.ok().unwrap().answered();
        for _ in 0..5 {
            assert_eq!(gate.check(), Ok(()));
            gate.enter().await.ok().unwrap().failed(ZERO);
        }
        assert_eq!(gate.check(), Err(CircuitOpen(OPEN_DURATION)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_misconfiguration_halts_at_once_for_as_long_as_asked_within_bounds() {
        for (asked, lasts) in [(0, 30), (29, 30), (120, 120), (u64::MAX, 12 * 3600)] {
            let gate = CircuitBreaker::default();
            gate.enter()
                .await
                .ok()
                .unwrap()
                .misconfigured(Duration::from_secs(asked));
            assert_eq!(gate.check(), Err(CircuitOpen(Duration::from_secs(lasts))));
            assert_eq!(
                gate.enter().await.err(),
                Some(CircuitOpen(Duration::from_secs(lasts)))
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_halt_one_probe_goes_ahead_and_the_others_wait_for_it() {
        let gate = CircuitBreaker::default();
        gate.enter().await.ok().unwrap().misconfigured(ZERO);
        tokio::time::advance(OPEN_DURATION).await;
        let probe = gate.enter().await.ok().unwrap();
        let mut second = Box::pin(gate.enter());
        assert!(second.as_mut().now_or_never().is_none());
        probe.failed(ZERO);
        assert_eq!(second.await.err(), Some(CircuitOpen(OPEN_DURATION)));

        tokio::time::advance(OPEN_DURATION).await;
        let probe = gate.enter().await.ok().unwrap();
        let mut second = Box::pin(gate.enter());
        assert!(second.as_mut().now_or_never().is_none());
        probe.answered();
        let second = second.await.ok().unwrap();
        let third = gate.enter().await.ok().unwrap();
        assert!(!second.probe && !third.probe);
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_is_dropped_lets_the_next_one_go() {
        let gate = CircuitBreaker::default();
        gate.enter().await.ok().unwrap().misconfigured(ZERO);
        tokio::time::advance(OPEN_DURATION).await;
        let probe = gate.enter().await.ok().unwrap();
        let second = gate.enter();
        drop(probe);
        assert!(second.await.ok().unwrap().probe);
    }
}

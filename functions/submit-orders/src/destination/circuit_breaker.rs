//! The circuit breaker: stops the calls of this instance while the destination serves no order, and lets one probe find
//! out whether it still does not.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

/// How long the circuit stays open where no API asks for longer: the first step of a message's own backoff.
pub const OPEN_DURATION: Duration = shared::http::backoff::BASE_DELAY;

/// So many failures in a row are an outage, not a single failure.
pub const FAILURE_THRESHOLD: u32 = 5;

/// Permits calls, or not. Lives as long as the instance does.
pub struct CircuitBreaker {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Calls are permitted. So many have failed since the last success.
    Closed { failures: u32 },
    /// No call is permitted.
    Open {
        until: Instant,
        /// Only blocked orders opened it: a delivery shows that others are let through.
        by_blocked_orders: bool,
    },
    /// One call at a time is permitted, the probe.
    HalfOpen { probing: bool },
}

/// Permission for one call. Report its outcome with one of the methods; a permit that is dropped without one (a panic, a
/// cancelled future) changes nothing but lets the next probe go.
#[must_use]
pub struct Permit<'a> {
    breaker: &'a CircuitBreaker,
    is_probe: bool,
}

/// No call is permitted for this long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CircuitOpen(pub Duration);

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self {
            state: Mutex::new(State::Closed { failures: 0 }),
            changed: Notify::new(),
        }
    }
}

impl CircuitBreaker {
    /// # Errors
    /// The circuit is open.
    pub fn check(&self) -> Result<(), CircuitOpen> {
        self.lock().check()
    }

    /// Waits for permission to make a call: while the circuit is half-open, until the outcome of the probe is known.
    ///
    /// # Errors
    /// The circuit is open.
    pub async fn acquire(&self) -> Result<Permit<'_>, CircuitOpen> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // From here on a change is not missed, even if nothing polls yet.
            changed.as_mut().enable();
            if let Some(permit) = self.try_acquire()? {
                return Ok(permit);
            }
            changed.await;
        }
    }

    /// # Returns
    /// `None` while another call is the probe.
    fn try_acquire(&self) -> Result<Option<Permit<'_>>, CircuitOpen> {
        let mut state = self.lock();
        state.check()?;
        let is_probe = match *state {
            State::Closed { .. } => false,
            State::HalfOpen { probing: true } => return Ok(None),
            State::Open { .. } | State::HalfOpen { probing: false } => {
                *state = State::HalfOpen { probing: true };
                tracing::debug!(
                    event = "circuit_half_open",
                    "circuit half-open: one order is posted as a probe"
                );
                true
            }
        };
        Ok(Some(Permit {
            breaker: self,
            is_probe,
        }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Each change is one assignment: a panic leaves nothing half done.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// The destination processed an order: the circuit closes. An open one stays open, since the call began before it
    /// was opened, and an API may have asked for a delay since; but not where blocked orders opened it.
    pub fn succeeded(self) {
        let mut state = self.breaker.lock();
        if let State::Open {
            by_blocked_orders: false,
            ..
        } = *state
        {
            return;
        }
        if !matches!(*state, State::Closed { .. }) {
            tracing::warn!(
                event = "circuit_closed",
                "circuit closed: the destination answers orders again"
            );
        }
        *state = State::Closed { failures: 0 };
    }

    /// A transient failure, or no answer: the circuit opens at the fifth in a row, or where this is the probe.
    pub fn failed(self, min_delay: Duration) {
        let mut state = self.breaker.lock();
        match &mut *state {
            State::Closed { failures } if *failures + 1 < FAILURE_THRESHOLD => *failures += 1,
            State::Closed { .. } => state.open("transient failures in a row", min_delay, false),
            State::Open { .. } => state.open("another failure", min_delay, false),
            State::HalfOpen { .. } if self.is_probe => state.open("the probe failed", min_delay, false),
            State::HalfOpen { .. } => {}
        }
    }

    /// No order can be delivered: the circuit opens at once.
    pub fn misconfigured(self, min_delay: Duration) {
        self.breaker.lock().open("misconfigured", min_delay, false);
    }

    /// Different orders in a row were blocked, as far as is known all: the circuit opens at once.
    pub fn blocked(self, min_delay: Duration) {
        self.breaker.lock().open("misconfigured", min_delay, true);
    }
}

impl State {
    fn check(self) -> Result<(), CircuitOpen> {
        match self {
            Self::Open { until, .. } => match until.saturating_duration_since(Instant::now()) {
                Duration::ZERO => Ok(()),
                left => Err(CircuitOpen(left)),
            },
            Self::Closed { .. } | Self::HalfOpen { .. } => Ok(()),
        }
    }

    /// Opens the circuit, or keeps it open for longer.
    fn open(&mut self, reason: &'static str, min_delay: Duration, by_blocked_orders: bool) {
        let open_for = min_delay.clamp(OPEN_DURATION, shared::http::backoff::LONGEST_VISIBILITY);
        let until = Instant::now() + open_for;
        *self = match *self {
            Self::Open {
                until: earlier,
                by_blocked_orders: only_by_them,
            } => Self::Open {
                until: earlier.max(until),
                by_blocked_orders: only_by_them && by_blocked_orders,
            },
            Self::Closed { .. } | Self::HalfOpen { .. } => {
                tracing::warn!(
                    event = "circuit_opened",
                    reason,
                    delay_secs = open_for.as_secs(),
                    "circuit opened: no order is posted by this instance until then"
                );
                Self::Open {
                    until,
                    by_blocked_orders,
                }
            }
        };
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.is_probe {
            let mut state = self.breaker.lock();
            if let State::HalfOpen { probing } = &mut *state {
                *probing = false;
            }
        }
        self.breaker.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests;

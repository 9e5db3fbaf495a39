//! What is measured on the way, from one invocation's metrics to the next.

use std::{
    mem,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Counts and measures. Each step costs no more than an addition or a push.
#[derive(Debug, Default)]
pub struct Meter {
    latencies: Mutex<Vec<Duration>>,
    token_requests: AtomicU64,
    misconfigured: AtomicU64,
}

/// What a meter has measured.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Measured {
    /// In milliseconds, to a tenth: how long each POST took that the destination answered.
    pub latencies_ms: Vec<f64>,
    /// How many requests the token endpoint was sent.
    pub token_requests: u64,
    /// How many messages met something that a person must mend.
    pub misconfigured: u64,
}

impl Meter {
    /// The destination answered a POST.
    pub fn answered(&self, latency: Duration) {
        self.latencies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(latency);
    }

    /// The token endpoint was sent a request.
    pub fn token_requested(&self) {
        self.token_requests.fetch_add(1, Ordering::Relaxed);
    }

    /// A message met a misconfiguration.
    pub fn misconfigured(&self) {
        self.misconfigured.fetch_add(1, Ordering::Relaxed);
    }

    /// What was measured since this was called the last time.
    #[must_use]
    pub fn take(&self) -> Measured {
        let latencies = mem::take(&mut *self.latencies.lock().unwrap_or_else(PoisonError::into_inner));
        Measured {
            latencies_ms: latencies.into_iter().map(in_ms).collect(),
            token_requests: self.token_requests.swap(0, Ordering::Relaxed),
            misconfigured: self.misconfigured.swap(0, Ordering::Relaxed),
        }
    }
}

/// A finer figure would only be a longer line.
fn in_ms(latency: Duration) -> f64 {
    (latency.as_secs_f64() * 10_000.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_measured_is_taken_once() {
        let meter = Meter::default();
        for micros in [0, 49, 50, 20_149, 1_234_567] {
            meter.answered(Duration::from_micros(micros));
        }
        meter.token_requested();
        meter.misconfigured();
        meter.misconfigured();
        assert_eq!(
            meter.take(),
            Measured {
                latencies_ms: vec![0.0, 0.0, 0.1, 20.1, 1234.6],
                token_requests: 1,
                misconfigured: 2,
            }
        );
        assert_eq!(meter.take(), Measured::default());
    }
}

//! What is measured of the calls to the destination and to the token endpoint.

use std::{
    mem,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// Records calls until they are taken for an invocation's metrics.
#[derive(Debug, Default)]
pub struct CallRecorder {
    post_latencies: Mutex<Vec<Duration>>,
    token_requests: AtomicU64,
}

/// The calls of one invocation.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct CallStats {
    /// In milliseconds, to a tenth, of each POST that the destination answered.
    pub post_latencies_ms: Vec<f64>,
    pub token_requests: u64,
}

impl CallRecorder {
    /// The destination answered a POST.
    pub fn record_post(&self, latency: Duration) {
        self.post_latencies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(latency);
    }

    /// A request to the token endpoint was sent.
    pub fn record_token_request(&self) {
        self.token_requests.fetch_add(1, Ordering::Relaxed);
    }

    /// Everything that was recorded since the last time.
    pub fn take(&self) -> CallStats {
        let latencies = mem::take(&mut *self.post_latencies.lock().unwrap_or_else(PoisonError::into_inner));
        CallStats {
            post_latencies_ms: latencies.into_iter().map(in_ms).collect(),
            token_requests: self.token_requests.swap(0, Ordering::Relaxed),
        }
    }
}

/// A finer figure would only make a longer line.
fn in_ms(latency: Duration) -> f64 {
    (latency.as_secs_f64() * 10_000.0).round() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_taken_once() {
        let calls = CallRecorder::default();
        for micros in [0, 49, 50, 20_149, 1_234_567] {
            calls.record_post(Duration::from_micros(micros));
        }
        calls.record_token_request();
        assert_eq!(
            calls.take(),
            CallStats {
                post_latencies_ms: vec![0.0, 0.0, 0.1, 20.1, 1234.6],
                token_requests: 1,
            }
        );
        assert_eq!(calls.take(), CallStats::default());
    }
}

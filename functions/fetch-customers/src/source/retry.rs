//! How long to wait before a page is requested again.

use std::time::Duration;

use shared::http::backoff::equal_jitter;

/// The delay before the second request. It doubles with each further one.
pub const BASE_DELAY: Duration = Duration::from_secs(1);

/// The longest delay that failures alone lead to: the time of a run is limited.
pub const MAX_DELAY: Duration = Duration::from_secs(30);

/// The delay after the `failures`th failure in a row: exponential, with equal jitter by `random`, from 0 up to 1. Never
/// shorter than `min_delay`, which the source asked for.
#[must_use]
pub fn delay(failures: u32, min_delay: Duration, random: f64) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let step = BASE_DELAY.saturating_mul(1 << doublings).min(MAX_DELAY);
    equal_jitter(step, random).max(min_delay)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delay_doubles_up_to_its_maximum() {
        let delays = |random| (1..8).map(move |failures| delay(failures, Duration::ZERO, random).as_millis());
        assert!(delays(1.0).eq([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]));
        assert!(delays(0.0).eq([500, 1000, 2000, 4000, 8000, 15_000, 15_000]));
        assert_eq!(delay(u32::MAX, Duration::ZERO, 1.0), MAX_DELAY);
    }

    #[test]
    fn delay_is_never_shorter_than_asked_for() {
        assert_eq!(delay(1, Duration::from_secs(90), 0.5), Duration::from_secs(90));
        assert_eq!(delay(9, Duration::from_secs(9), 1.0), MAX_DELAY);
    }
}

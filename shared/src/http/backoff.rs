//! How long a message waits for its next attempt: pure functions.

use std::time::Duration;

/// The backoff after the first receive: most short failures of an API are over by then.
pub const BASE_DELAY: Duration = Duration::from_secs(30);

/// The longest backoff: with it the default 60 receives span more than a day.
pub const MAX_DELAY: Duration = Duration::from_secs(60 * 60);

/// How long SQS can hide a message, counted from its receive (`ChangeMessageVisibility`, Amazon SQS API
/// reference).
pub const LONGEST_VISIBILITY: Duration = Duration::from_secs(12 * 60 * 60);

/// How much of [`LONGEST_VISIBILITY`] the batching window of an event source mapping can use before the function gets
/// the message (`MaximumBatchingWindowInSeconds`, AWS Lambda API reference).
pub const LONGEST_BATCHING_WINDOW: Duration = Duration::from_secs(300);

/// The delay of a message that was received `receives` times: its [`backoff`] with equal jitter, but at least
/// `min_delay`, which the API requested, and within the limit of SQS. (Full jitter could use up all attempts at once.)
///
/// `random` is from 0 to 1; `passed` is the time since the invocation began.
#[must_use]
pub fn delay(receives: u32, min_delay: Duration, random: f64, passed: Duration) -> Duration {
    let jittered = equal_jitter(backoff(receives), random);
    let max = LONGEST_VISIBILITY
        .saturating_sub(LONGEST_BATCHING_WINDOW)
        .saturating_sub(passed);
    jittered.max(min_delay).min(max)
}

/// The backoff after the `receives`th receive, without jitter: it doubles from [`BASE_DELAY`] to [`MAX_DELAY`].
#[must_use]
pub fn backoff(receives: u32) -> Duration {
    let doublings = receives.saturating_sub(1).min(16);
    BASE_DELAY.saturating_mul(1 << doublings).min(MAX_DELAY)
}

/// Equal jitter: `random`, from 0 to 1, spreads a delay between half of `delay` and `delay`. (Marc Brooker, "Exponential
/// Backoff And Jitter", AWS Architecture Blog.)
#[must_use]
pub fn equal_jitter(delay: Duration, random: f64) -> Duration {
    delay.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZERO: Duration = Duration::ZERO;
    const HOUR: Duration = MAX_DELAY;

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn backoff_doubles_up_to_an_hour() {
        let delays: Vec<u64> = (0..10).map(|receives| backoff(receives).as_secs()).collect();
        assert_eq!(delays, [30, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
        assert_eq!(backoff(u32::MAX), HOUR);
    }

    #[test]
    fn jitter_is_the_upper_half_of_the_backoff() {
        assert_eq!(delay(1, ZERO, 0.0, ZERO), secs(15));
        assert_eq!(delay(1, ZERO, 0.5, ZERO), Duration::from_millis(22_500));
        assert_eq!(delay(1, ZERO, 1.0, ZERO), secs(30));
        assert_eq!(delay(60, ZERO, 0.0, ZERO), secs(1800));
    }

    #[test]
    fn requested_delay_is_the_minimum() {
        assert_eq!(delay(1, secs(90), 0.0, ZERO), secs(90));
        assert_eq!(delay(8, secs(90), 0.0, ZERO), secs(1800));
    }

    #[test]
    fn delay_is_within_sqs_limit_since_receive() {
        assert_eq!(delay(1, Duration::MAX, 0.0, ZERO), secs(12 * 3600 - 300));
        assert_eq!(delay(1, Duration::MAX, 0.0, secs(60)), secs(12 * 3600 - 360));
        assert_eq!(delay(1, Duration::MAX, 0.0, Duration::MAX), ZERO);
    }
}

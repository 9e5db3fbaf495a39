//! How long a message waits before it is tried again: pure functions.

use std::time::Duration;

/// The wait after the first receive: most hiccups of an API are over by then.
pub const BASE_DELAY: Duration = Duration::from_secs(30);

/// The longest wait that a failure alone leads to: with it the default 60 receives span more than a day.
pub const MAX_DELAY: Duration = Duration::from_secs(60 * 60);

/// How long SQS can hide a message, counted from its receive (`ChangeMessageVisibility`, Amazon SQS API
/// reference).
pub const LONGEST_VISIBILITY: Duration = Duration::from_secs(12 * 60 * 60);

/// What the batching window of an event source mapping can take of [`LONGEST_VISIBILITY`] before the
/// function sees the message (`MaximumBatchingWindowInSeconds`, AWS Lambda API reference).
pub const LONGEST_BATCHING_WINDOW: Duration = Duration::from_secs(300);

/// The wait of a message that was received `receives` times.
///
/// Doubles from [`BASE_DELAY`] to [`MAX_DELAY`], with equal jitter: `random`, from 0 up to 1, spreads it
/// between half the step and the step. (Full jitter, from 0 up, could burn all attempts at once.) Never
/// shorter than `min_delay`, which is what the remote asked for.
///
/// `passed` is the time since the invocation began; with it the wait stays within what SQS accepts.
#[must_use]
pub fn delay(receives: u32, min_delay: Duration, random: f64, passed: Duration) -> Duration {
    let jittered = equal_jitter(step(receives), random);
    let most = LONGEST_VISIBILITY
        .saturating_sub(LONGEST_BATCHING_WINDOW)
        .saturating_sub(passed);
    jittered.max(min_delay).min(most)
}

/// The longest wait after the `receives`th receive, jitter left out.
#[must_use]
pub fn step(receives: u32) -> Duration {
    let doublings = receives.saturating_sub(1).min(16);
    BASE_DELAY.saturating_mul(1 << doublings).min(MAX_DELAY)
}

/// Equal jitter: `random`, from 0 up to 1, spreads a delay between half of `step` and `step`. (Marc Brooker, "Exponential
/// Backoff And Jitter", AWS Architecture Blog.)
#[must_use]
pub fn equal_jitter(step: Duration, random: f64) -> Duration {
    step.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0)
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
    fn the_step_doubles_from_half_a_minute_to_an_hour() {
        let steps: Vec<u64> = (0..10).map(|receives| step(receives).as_secs()).collect();
        assert_eq!(steps, [30, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
        assert_eq!(step(u32::MAX), HOUR);
    }

    #[test]
    fn the_jitter_lies_between_half_the_step_and_the_step() {
        assert_eq!(delay(1, ZERO, 0.0, ZERO), secs(15));
        assert_eq!(delay(1, ZERO, 0.5, ZERO), Duration::from_millis(22_500));
        assert_eq!(delay(1, ZERO, 1.0, ZERO), secs(30));
        assert_eq!(delay(60, ZERO, 0.0, ZERO), secs(1800));
    }

    #[test]
    fn the_remotes_own_wait_is_a_floor() {
        assert_eq!(delay(1, secs(90), 0.0, ZERO), secs(90));
        assert_eq!(delay(8, secs(90), 0.0, ZERO), secs(1800));
    }

    #[test]
    fn an_absurd_wait_is_cut_to_what_sqs_takes_less_what_has_passed() {
        assert_eq!(delay(1, Duration::MAX, 0.0, ZERO), secs(12 * 3600 - 300));
        assert_eq!(delay(1, Duration::MAX, 0.0, secs(60)), secs(12 * 3600 - 360));
        assert_eq!(delay(1, Duration::MAX, 0.0, Duration::MAX), ZERO);
    }
}

//! After how long the source is asked again: a pure function.

use std::time::Duration;

/// The wait before the second request. It doubles with each.
pub const FIRST_STEP: Duration = Duration::from_secs(1);

/// The longest wait that a failure alone leads to: the time of a run is bounded.
pub const LONGEST_STEP: Duration = Duration::from_secs(30);

/// The wait after the `failures`th failure in a row.
///
/// With equal jitter: `random`, from 0 up to 1, spreads it between half the step and the step. Never shorter
/// than `not_before`, which is what the source asked for.
#[must_use]
pub fn delay(failures: u32, not_before: Duration, random: f64) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    let step = FIRST_STEP.saturating_mul(1 << doublings).min(LONGEST_STEP);
    step.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0).max(not_before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_half_a_minute_between_half_the_step_and_the_step() {
        let waits = |random| (1..8).map(move |failures| delay(failures, Duration::ZERO, random).as_millis());
        assert!(waits(1.0).eq([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]));
        assert!(waits(0.0).eq([500, 1000, 2000, 4000, 8000, 15_000, 15_000]));
        assert_eq!(delay(u32::MAX, Duration::ZERO, 1.0), LONGEST_STEP);
    }

    #[test]
    fn the_sources_own_wait_is_a_floor() {
        assert_eq!(delay(1, Duration::from_secs(90), 0.5), Duration::from_secs(90));
        assert_eq!(delay(9, Duration::from_secs(9), 1.0), LONGEST_STEP);
    }
}

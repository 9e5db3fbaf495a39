//! When the destination is in which condition.

use std::time::Duration;

use tokio::time::Instant;

use super::scenario::{DAY, HOUR, Kind};
use crate::destination::{Condition, Destination};

/// Decides the conditions of the destination.
///
/// # Returns
/// When it becomes healthy for good.
pub(super) fn schedule_conditions(
    random: &mut fastrand::Rng,
    kind: Kind,
    destination: &Destination,
) -> Instant {
    use Condition::{Down, Forbidden, Hanging, Healthy, Mixed, NoTokens, Overloaded, RateLimited, Slow};
    let began = Instant::now();
    let mut state = destination.state();
    if kind == Kind::LongOutage {
        let condition = [Down, Overloaded, Forbidden, NoTokens][random.usize(..4)];
        state.schedule = vec![
            (began + HOUR * random.u32(..2), condition),
            (began + 6 * DAY, Healthy),
        ];
        return began + 6 * DAY;
    }
    // Twenty hours of bad condition, and a rotation with its gap, are less than the day that must cost nothing.
    let end = began + HOUR * random.u32(1..=20);
    let mut from = began;
    while from < end {
        let condition = [
            Healthy,
            Down,
            Hanging,
            Overloaded,
            Slow,
            RateLimited,
            Forbidden,
            NoTokens,
            Mixed,
            Mixed,
        ][random.usize(..10)];
        state.schedule.push((from, condition));
        from += Duration::from_secs(random.u64(1..=4 * 3600));
    }
    state.schedule.push((end, Healthy));
    end
}

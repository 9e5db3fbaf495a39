//! When a sweep stops.

use std::time::{Duration, SystemTime};

use shared::lambda::invocation::reserve;
use tokio::time::Instant;

/// How long a sweep goes on while each dead letter that it receives is new since its start, or was received before.
/// While orders keep being rejected, the queue is never found empty.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

/// How much of the function's time is reserved for the end, at most: a call of the SDK takes up to
/// [`shared::aws::OPERATION_TIMEOUT`], and a hundred thousand messages are ten thousand calls to make them visible.
const RESERVE: Duration = Duration::from_secs(180);

/// Why a sweep stopped before it found the queue empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// The limit of the request was reached.
    Limit,
    /// The function's time was nearly up.
    Time,
    /// No more messages can be hidden.
    InFlight,
    NewArrivals,
}

#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// When Lambda ends the invocation.
    pub deadline: Instant,
    /// No call is started after it, except to make messages visible.
    pub last_start: Instant,
    /// Calls that are still in flight then are abandoned.
    pub last_answer: Instant,
    /// The time of day at the start: dead letters that were sent later are left to another sweep. An order that is
    /// rejected again while others are still being redriven would otherwise go round in circles.
    pub started_at: SystemTime,
    /// How many dead letters are held at most.
    pub max_held: usize,
}

impl Limits {
    /// The limits of a sweep that starts now, at `started_at` by the time of day.
    pub fn new(deadline: Instant, started_at: SystemTime, max_held: usize) -> Self {
        let reserve = reserve(deadline, RESERVE);
        Self {
            deadline,
            last_start: deadline - reserve,
            last_answer: deadline - reserve / 2,
            started_at,
            max_held,
        }
    }
}

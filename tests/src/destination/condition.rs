//! The conditions of the destination, and how it answers conflicts.

use std::time::Duration;

/// The condition that the destination is in for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// It works.
    Healthy,
    /// No connection.
    Down,
    /// Connections, but never an answer.
    Hanging,
    /// 503 to orders, sometimes with `Retry-After`.
    Overloaded,
    /// Half of the orders are answered too late: each is then under way for a while.
    Slow,
    /// 429 to orders, with `Retry-After`.
    RateLimited,
    /// 403 to every request.
    Forbidden,
    /// The token endpoint answers 500, orders work.
    NoTokens,
    /// Each request meets one of the other conditions, or an answer that is lost after the order was stored.
    Mixed,
}

/// What the destination answers to an order that exists, or that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConflictBehavior {
    /// 409 to an order that exists; otherwise it repeats the first answer.
    pub conflict_if_exists: bool,
    /// 409 to an order of which another request is under way; otherwise 503.
    pub conflict_if_under_way: bool,
    /// A request that is under way may fail; otherwise it stores the order.
    pub under_way_may_fail: bool,
    /// A request is under way for less than this.
    pub max_under_way: Duration,
}

/// Less than the client's own timeout, and so less than it takes until the message is received again.
pub const SHORT_UNDER_WAY: Duration = Duration::from_secs(14);

/// Longer than it takes until the message is received again: that request meets the one under way.
pub const LONG_UNDER_WAY: Duration = Duration::from_secs(60);

impl Default for ConflictBehavior {
    fn default() -> Self {
        Self {
            conflict_if_exists: true,
            conflict_if_under_way: false,
            under_way_may_fail: false,
            max_under_way: SHORT_UNDER_WAY,
        }
    }
}

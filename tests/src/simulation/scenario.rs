//! Which faults a world has, and how its destination answers conflicts.

use std::time::Duration;

use crate::destination::{ConflictBehavior, LONG_UNDER_WAY, SHORT_UNDER_WAY};

pub(super) const ORDER_DATE: &str = "2023-10-15T14:30:00Z";
pub(super) const HOUR: Duration = Duration::from_secs(3600);
pub(super) const DAY: Duration = Duration::from_secs(86_400);

/// Which faults a world has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The destination fails, for less than a day; AWS and the workers do not.
    DestinationFaults,
    /// Everything fails, for less than a day.
    AllFaults,
    /// The destination is down for longer than the queue keeps messages.
    LongOutage,
}

/// How the destination answers an order that exists or is under way, and what the bridge takes 409 for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ConflictScenario {
    /// 409 says that the order exists, and is taken for that.
    Duplicate,
    /// 409 says that a request is under way, and is retried.
    Retry,
    /// 409 says either of the two; requests under way may fail.
    ConfirmFailures,
    /// 409 says either of the two; messages may be delivered twice.
    ConfirmTwice,
    /// 409 says that a request is under way, and is believed after a minute all the same.
    ConfirmReplays,
}

impl ConflictScenario {
    pub(super) const ALL: [Self; 5] = [
        Self::Duplicate,
        Self::Retry,
        Self::ConfirmFailures,
        Self::ConfirmTwice,
        Self::ConfirmReplays,
    ];

    pub(super) const fn means(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::Retry => "retry",
            Self::ConfirmFailures | Self::ConfirmTwice | Self::ConfirmReplays => "confirm",
        }
    }

    pub(super) const fn behavior(self) -> ConflictBehavior {
        ConflictBehavior {
            conflict_if_exists: !matches!(self, Self::Retry | Self::ConfirmReplays),
            conflict_if_under_way: !matches!(self, Self::Duplicate),
            under_way_may_fail: !matches!(self, Self::ConfirmTwice),
            max_under_way: match self {
                Self::Retry => LONG_UNDER_WAY,
                Self::Duplicate | Self::ConfirmFailures | Self::ConfirmTwice | Self::ConfirmReplays => {
                    SHORT_UNDER_WAY
                }
            },
        }
    }

    /// A duplicate delivery meets the request of the first one under way. `confirm` believes that the order exists, if
    /// the message was received a minute ago before that: only where such requests do not fail is that no loss.
    pub(super) const fn may_be_delivered_twice(self) -> bool {
        !matches!(self, Self::ConfirmFailures | Self::ConfirmReplays)
    }
}

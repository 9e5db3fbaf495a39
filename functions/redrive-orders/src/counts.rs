//! What the matching dead letters have in common, in bounded memory.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, SystemTime},
};

use serde::Serialize;
use shared::{domain::order_date::OrderDate, domain::order_id::OrderId};

use crate::dead_letter::{DeadLetter, DeadLetterReason};

/// How many examples of each kind are told.
const EXAMPLES: usize = 3;

/// How many order dates are told by themselves: the most frequent ones.
const ORDER_DATES_TOLD: usize = 50;

/// How many order dates are counted by themselves: the first ones. A schedule that runs every five minutes
/// has 4,032 of them in the 14 days that SQS keeps a message.
const ORDER_DATES_COUNTED: usize = 10_000;

/// The longest text in an example, in characters: what `submit-orders` writes is no longer.
const LONGEST_TEXT: usize = 300;

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The counts, each of which adds up to all that was counted.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    by_reason: BTreeMap<&'static str, usize>,
    by_age: ByAge,
    by_order_date: HashMap<OrderDate, usize>,
    of_other_order_dates: usize,
    without_order_date: usize,
    examples: Vec<Example>,
}

/// How many dead letters SQS has kept for so long. It deletes them after 14 days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ByAge {
    under_1_hour: usize,
    under_1_day: usize,
    under_4_days: usize,
    under_10_days: usize,
    over_10_days: usize,
}

/// A dead letter to look up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    message_id: String,
    reason: DeadLetterReason,
    detail: Option<String>,
    customer_id: Option<String>,
    order_id: Option<OrderId>,
    order_date: Option<OrderDate>,
    age_secs: u64,
}

impl Counts {
    /// Counts a dead letter, as old as it is at `now`.
    pub fn add(&mut self, letter: &DeadLetter, now: SystemTime) {
        let age = now.duration_since(letter.sent).unwrap_or_default();
        self.by_age.add(age);
        match letter.order_date {
            None => self.without_order_date += 1,
            Some(date) if self.by_order_date.len() < ORDER_DATES_COUNTED => {
                *self.by_order_date.entry(date).or_default() += 1;
            }
            Some(date) => {
                let others = &mut self.of_other_order_dates;
                *self.by_order_date.get_mut(&date).unwrap_or(others) += 1;
            }
        }
        let of_its_kind = self.by_reason.entry(letter.kind.as_str()).or_default();
        *of_its_kind += 1;
        if *of_its_kind <= EXAMPLES {
            self.examples.push(Example {
                message_id: letter.message_id.clone(),
                reason: letter.kind,
                detail: letter.detail.as_deref().map(short),
                customer_id: letter.customer_id.as_ref().map(|id| short(id.as_str())),
                order_id: letter.order_id.clone(),
                order_date: letter.order_date,
                age_secs: age.as_secs(),
            });
        }
    }

    /// By reason, those that occur.
    #[must_use]
    pub const fn by_reason(&self) -> &BTreeMap<&'static str, usize> {
        &self.by_reason
    }

    /// By age.
    #[must_use]
    pub const fn by_age(&self) -> ByAge {
        self.by_age
    }

    /// By order date: the most frequent ones, then `other`, and `none` where the message has none.
    #[must_use]
    pub fn by_order_date(&self) -> BTreeMap<String, usize> {
        let mut dates: Vec<(String, usize)> = self
            .by_order_date
            .iter()
            .map(|(date, count)| (date.to_string(), *count))
            .collect();
        dates.sort_by(|(one, count), (other, more)| more.cmp(count).then(one.cmp(other)));
        let rest = dates.split_off(dates.len().min(ORDER_DATES_TOLD));
        let other = self.of_other_order_dates + rest.iter().map(|(_, count)| count).sum::<usize>();
        let also = [("none", self.without_order_date), ("other", other)];
        let also = also.into_iter().filter(|(_, count)| *count > 0);
        dates
            .into_iter()
            .chain(also.map(|(name, count)| (name.to_owned(), count)))
            .collect()
    }

    /// Some of each kind.
    #[must_use]
    pub fn examples(&self) -> &[Example] {
        &self.examples
    }
}

impl ByAge {
    fn add(&mut self, age: Duration) {
        let bucket = if age < HOUR {
            &mut self.under_1_hour
        } else if age < DAY {
            &mut self.under_1_day
        } else if age < 4 * DAY {
            &mut self.under_4_days
        } else if age < 10 * DAY {
            &mut self.under_10_days
        } else {
            &mut self.over_10_days
        };
        *bucket += 1;
    }
}

/// An answer of Lambda's holds 6 MB, a message that somebody else made up may hold anything.
fn short(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use serde_json::json;
    use shared::domain::rejection_reason::Reason;

    use super::*;

    const NOW: SystemTime = UNIX_EPOCH;

    fn letter(kind: DeadLetterReason, order_date: Option<&str>, age: Duration) -> DeadLetter {
        DeadLetter {
            message_id: "message-1".to_owned(),
            kind,
            detail: Some("x".repeat(301)),
            order_date: order_date.map(|date| date.parse().unwrap()),
            customer_id: None,
            order_id: None,
            sent: NOW - age,
        }
    }

    #[test]
    fn ages_fall_into_buckets() {
        let mut counts = Counts::default();
        for age in [
            Duration::ZERO,
            HOUR - Duration::from_secs(1),
            HOUR,
            DAY,
            4 * DAY - HOUR,
            4 * DAY,
            10 * DAY,
            14 * DAY,
        ] {
            counts.add(&letter(DeadLetterReason::Unknown, None, age), NOW);
        }
        let by_age = serde_json::to_string(&counts.by_age()).unwrap();
        assert_eq!(
            by_age,
            r#"{"under_1_hour":2,"under_1_day":1,"under_4_days":2,"under_10_days":1,"over_10_days":2}"#
        );
        assert_eq!(counts.by_order_date(), [("none".to_owned(), 8)].into());
    }

    #[test]
    fn three_of_each_kind_are_examples_with_short_texts() {
        let mut counts = Counts::default();
        for _ in 0..5 {
            for kind in [
                DeadLetterReason::AttemptsUsedUp,
                DeadLetterReason::Rejected(Reason::Expired),
            ] {
                counts.add(&letter(kind, Some("2023-10-15T14:30:00Z"), HOUR), NOW);
            }
        }
        assert_eq!(
            counts.by_reason(),
            &[("attempts_used_up", 5), ("expired", 5)].into()
        );
        assert_eq!(counts.examples().len(), 6);
        assert_eq!(
            serde_json::to_value(&counts.examples()[1]).unwrap(),
            json!({"message_id": "message-1", "reason": "expired", "detail": "x".repeat(300), "customer_id": null,
                   "order_id": null, "order_date": "2023-10-15T14:30:00Z", "age_secs": 3600})
        );
    }

    #[test]
    fn the_most_frequent_order_dates_are_told_and_the_rest_is_counted_together() {
        let mut counts = Counts::default();
        let date = |at: usize| {
            format!(
                "20{:02}-{:02}-01T{:02}:00:00Z",
                at / 288,
                at / 24 % 12 + 1,
                at % 24
            )
        };
        // One for each of more dates than are counted, and one more for some.
        let dates = ORDER_DATES_COUNTED + 7;
        for at in (0..dates).chain(0..ORDER_DATES_TOLD - 1) {
            counts.add(&letter(DeadLetterReason::Unknown, Some(&date(at)), HOUR), NOW);
        }
        let told = counts.by_order_date();
        assert_eq!(told.len(), ORDER_DATES_TOLD + 1);
        assert_eq!(told["2000-01-01T00:00:00Z"], 2);
        assert_eq!(told["other"], dates - ORDER_DATES_TOLD);
        let all: usize = told.values().sum();
        assert_eq!(all, dates + ORDER_DATES_TOLD - 1);
        assert_eq!(counts.by_order_date.len(), ORDER_DATES_COUNTED);
    }
}

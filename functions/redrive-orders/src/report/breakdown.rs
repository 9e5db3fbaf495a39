//! The matching dead letters by reason, age and order date, in bounded memory.

use std::{
    collections::{BTreeMap, HashMap},
    time::{Duration, SystemTime},
};

use serde::Serialize;
use shared::{domain::order_date::OrderDate, domain::order_id::OrderId};

use crate::dead_letter::{DeadLetter, DeadLetterReason};

/// How many examples of each reason are listed.
const EXAMPLES: usize = 3;

/// How many order dates are listed: the most frequent ones.
const ORDER_DATES_LISTED: usize = 50;

/// How many order dates are counted separately: the first ones. A schedule that runs every five minutes has 4,032 in the
/// 14 days that SQS keeps a message.
const ORDER_DATES_COUNTED: usize = 10_000;

/// The longest text in an example, in characters: the longest `detail` that the functions write.
const MAX_TEXT: usize = 300;

const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Each of its counts adds up to the number of dead letters that were added.
#[derive(Debug, Clone, Default)]
pub struct Breakdown {
    by_reason: BTreeMap<&'static str, usize>,
    by_age: ByAge,
    by_order_date: HashMap<OrderDate, usize>,
    of_other_order_dates: usize,
    without_order_date: usize,
    examples: Vec<Example>,
}

/// How many dead letters SQS has kept for how long. It deletes them after 14 days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ByAge {
    under_1_hour: usize,
    under_1_day: usize,
    under_4_days: usize,
    under_10_days: usize,
    over_10_days: usize,
}

/// A dead letter to look up. Its `detail` may quote the destination: it belongs into an answer, never into a log.
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

impl Breakdown {
    /// Counts a dead letter, with its age at `now`.
    pub fn add(&mut self, letter: &DeadLetter, now: SystemTime) {
        let age = now.duration_since(letter.sent_at).unwrap_or_default();
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
        let of_reason = self.by_reason.entry(letter.reason.as_str()).or_default();
        *of_reason += 1;
        if *of_reason <= EXAMPLES {
            self.examples.push(Example {
                message_id: letter.message_id.clone(),
                reason: letter.reason,
                detail: letter.detail.as_deref().map(short),
                customer_id: letter.customer_id.as_ref().map(|id| short(id.as_str())),
                order_id: letter.order_id.clone(),
                order_date: letter.order_date,
                age_secs: age.as_secs(),
            });
        }
    }

    pub const fn by_reason(&self) -> &BTreeMap<&'static str, usize> {
        &self.by_reason
    }

    pub const fn by_age(&self) -> ByAge {
        self.by_age
    }

    /// The most frequent order dates, `other`, and `none` for messages without one.
    pub fn by_order_date(&self) -> BTreeMap<String, usize> {
        let mut dates: Vec<(String, usize)> = self
            .by_order_date
            .iter()
            .map(|(date, count)| (date.to_string(), *count))
            .collect();
        dates.sort_by(|(one, count), (other, more)| more.cmp(count).then(one.cmp(other)));
        let rest = dates.split_off(dates.len().min(ORDER_DATES_LISTED));
        let other = self.of_other_order_dates + rest.iter().map(|(_, count)| count).sum::<usize>();
        let also = [("none", self.without_order_date), ("other", other)];
        let also = also.into_iter().filter(|(_, count)| *count > 0);
        dates
            .into_iter()
            .chain(also.map(|(name, count)| (name.to_owned(), count)))
            .collect()
    }

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

/// A message that another sender made up may hold anything, and an answer of Lambda holds 6 MB.
fn short(text: &str) -> String {
    text.chars().take(MAX_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use serde_json::json;
    use shared::domain::rejection_reason::Reason;

    use super::*;

    const NOW: SystemTime = UNIX_EPOCH;

    fn letter(reason: DeadLetterReason, order_date: Option<&str>, age: Duration) -> DeadLetter {
        DeadLetter {
            message_id: "message-1".to_owned(),
            reason,
            detail: Some("x".repeat(301)),
            order_date: order_date.map(|date| date.parse().unwrap()),
            customer_id: None,
            order_id: None,
            sent_at: NOW - age,
        }
    }

    #[test]
    fn ages_are_counted_in_buckets() {
        let mut breakdown = Breakdown::default();
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
            breakdown.add(&letter(DeadLetterReason::Unknown, None, age), NOW);
        }
        let by_age = serde_json::to_string(&breakdown.by_age()).unwrap();
        assert_eq!(
            by_age,
            r#"{"under_1_hour":2,"under_1_day":1,"under_4_days":2,"under_10_days":1,"over_10_days":2}"#
        );
        assert_eq!(breakdown.by_order_date(), [("none".to_owned(), 8)].into());
    }

    #[test]
    fn three_of_each_reason_are_examples() {
        let mut breakdown = Breakdown::default();
        for _ in 0..5 {
            for reason in [
                DeadLetterReason::AttemptsUsedUp,
                DeadLetterReason::Rejected(Reason::Expired),
            ] {
                breakdown.add(&letter(reason, Some("2023-10-15T14:30:00Z"), HOUR), NOW);
            }
        }
        assert_eq!(
            breakdown.by_reason(),
            &[("attempts_used_up", 5), ("expired", 5)].into()
        );
        assert_eq!(breakdown.examples().len(), 6);
        assert_eq!(
            serde_json::to_value(&breakdown.examples()[1]).unwrap(),
            json!({"message_id": "message-1", "reason": "expired", "detail": "x".repeat(300), "customer_id": null,
                   "order_id": null, "order_date": "2023-10-15T14:30:00Z", "age_secs": 3600})
        );
    }

    #[test]
    fn order_dates_beyond_the_most_frequent_are_other() {
        let mut breakdown = Breakdown::default();
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
        for at in (0..dates).chain(0..ORDER_DATES_LISTED - 1) {
            breakdown.add(&letter(DeadLetterReason::Unknown, Some(&date(at)), HOUR), NOW);
        }
        let listed = breakdown.by_order_date();
        assert_eq!(listed.len(), ORDER_DATES_LISTED + 1);
        assert_eq!(listed["2000-01-01T00:00:00Z"], 2);
        assert_eq!(listed["other"], dates - ORDER_DATES_LISTED);
        let all: usize = listed.values().sum();
        assert_eq!(all, dates + ORDER_DATES_LISTED - 1);
        assert_eq!(breakdown.by_order_date.len(), ORDER_DATES_COUNTED);
    }
}

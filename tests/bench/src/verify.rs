//! Whether what arrived is what should have, each once. If it is not, the run's figures do not count.

use std::{collections::HashMap, ops::Range};

use bytes::Bytes;
use sandbox::Order;
use serde::Deserialize;
use thiserror::Error;

use crate::{
    customers::Customers,
    tally::{Exactness, Tally},
    world::Posted,
};

/// What arrived is not what should have.
#[derive(Debug, Error)]
pub(crate) enum Wrong {
    /// The answer is not JSON of the right shape.
    #[error("the answer cannot be read: {0}")]
    Answer(#[from] serde_json::Error),
    /// Messages stay on the queue that should not, or the other way round.
    #[error("the answer keeps {found} messages, {first:?} first, and not just {expected:?}")]
    Kept {
        /// How many it names.
        found: usize,
        /// The first of them.
        first: Option<String>,
        /// Those that it should.
        expected: Vec<String>,
    },
    /// An order is not one of those that should come.
    #[error("order {at} is unexpected, wrong, or there twice: {body}")]
    Order {
        /// Counted from 0.
        at: usize,
        /// What was posted.
        body: String,
    },
    /// Some did not come.
    #[error("{0} orders are missing")]
    Missing(usize),
    /// What was sent to the queue is not what the source has.
    #[error("{found} messages of {expected} expected; if these are the same, some are wrong or there twice")]
    Messages {
        /// How many came.
        found: u64,
        /// How many should have.
        expected: u64,
    },
    /// A run's summary counts otherwise.
    #[error("the run says that it fetched {fetched} and enqueued {enqueued}, of {expected}")]
    Summary {
        /// What it says.
        fetched: u64,
        /// What it says.
        enqueued: u64,
        /// How many the source has.
        expected: u64,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BatchAnswer {
    batch_item_failures: Vec<Failure>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

#[derive(Deserialize)]
struct Summary {
    fetched: u64,
    enqueued: u64,
}

/// Checks which messages a batch's answer keeps on the queue.
pub(crate) fn keeps(answer: &Bytes, expected: &[String]) -> Result<(), Wrong> {
    let answer: BatchAnswer = serde_json::from_slice(answer)?;
    let found = answer.batch_item_failures.into_iter();
    let found: Vec<String> = found.map(|failure| failure.item_identifier).collect();
    if found == expected {
        Ok(())
    } else {
        Err(Wrong::Kept {
            found: found.len(),
            first: found.into_iter().next(),
            expected: expected.to_vec(),
        })
    }
}

/// Checks that the orders of the customers at `indices`, of those that should have one, came exactly once and right.
pub(crate) fn orders(posted: &[Posted], customers: &Customers, indices: Range<u64>) -> Result<(), Wrong> {
    let mut expected: HashMap<String, Order> = indices
        .filter_map(|index| customers.order(index))
        .map(|order| (order.order_id.clone(), order))
        .collect();
    for (at, Posted { key, body }) in posted.iter().enumerate() {
        let order: Option<Order> = serde_json::from_slice(body).ok();
        let id = key.as_ref().and_then(|key| key.to_str().ok());
        // The one under its key must be the one that came.
        if order.is_none() || id.and_then(|id| expected.remove(id)) != order {
            let body = String::from_utf8_lossy(body).into_owned();
            return Err(Wrong::Order { at, body });
        }
    }
    if expected.is_empty() {
        Ok(())
    } else {
        Err(Wrong::Missing(expected.len()))
    }
}

/// Checks that every customer is on the queue exactly once, and counted in the summary.
pub(crate) fn messages(
    sent: Tally,
    summary: &Bytes,
    customers: &Customers,
    exactness: Exactness,
) -> Result<(), Wrong> {
    let Summary { fetched, enqueued } = serde_json::from_slice(summary)?;
    let count = customers.count();
    if fetched != count || enqueued != count {
        return Err(Wrong::Summary {
            fetched,
            enqueued,
            expected: count,
        });
    }
    let expected = Tally::expected(customers, exactness);
    if sent == expected {
        Ok(())
    } else {
        Err(Wrong::Messages {
            found: sent.messages,
            expected: expected.messages,
        })
    }
}

/// Checks that every customer was counted by who sends none.
pub(crate) fn cut(summary: &Bytes, customers: &Customers) -> Result<(), Wrong> {
    let Summary { fetched, enqueued } = serde_json::from_slice(summary)?;
    let expected = customers.count();
    if fetched == expected && enqueued == 0 {
        Ok(())
    } else {
        Err(Wrong::Summary {
            fetched,
            enqueued,
            expected,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted(index: u64) -> Posted {
        let order = Customers::Plain(10).order(index).unwrap();
        Posted {
            key: Some(order.order_id.parse().unwrap()),
            body: serde_json::to_vec(&order).unwrap().into(),
        }
    }

    fn check(posted: &[Posted]) -> Result<(), String> {
        orders(posted, &Customers::Plain(10), 0..3).map_err(|wrong| wrong.to_string())
    }

    #[test]
    fn every_order_once_is_right_in_any_order() {
        assert_eq!(check(&[posted(2), posted(0), posted(1)]), Ok(()));
    }

    #[test]
    fn a_missing_a_doubled_and_a_foreign_order_are_wrong() {
        assert_eq!(
            check(&[posted(0), posted(1)]).unwrap_err(),
            "1 orders are missing"
        );
        let twice = check(&[posted(0), posted(0), posted(1), posted(2)]).unwrap_err();
        assert!(twice.starts_with("order 1 is unexpected"), "{twice}");
        let foreign = check(&[posted(0), posted(1), posted(3)]).unwrap_err();
        assert!(foreign.starts_with("order 2 is unexpected"), "{foreign}");
    }

    #[test]
    fn an_order_under_another_key_or_with_another_body_is_wrong() {
        let swapped = Posted {
            key: posted(1).key,
            body: posted(0).body,
        };
        assert!(check(&[swapped, posted(0), posted(2)]).is_err());
        let changed = Posted {
            key: posted(1).key,
            body: String::from_utf8(posted(1).body.into())
                .unwrap()
                .replace("CA", "NY")
                .into(),
        };
        assert!(check(&[posted(0), changed, posted(2)]).is_err());
    }

    #[test]
    fn the_answer_must_keep_what_it_should_and_no_more() {
        let none = Bytes::from_static(br#"{"batchItemFailures":[]}"#);
        let one = Bytes::from_static(br#"{"batchItemFailures":[{"itemIdentifier":"a"}]}"#);
        assert!(keeps(&none, &[]).is_ok());
        assert!(keeps(&one, &["a".to_owned()]).is_ok());
        assert!(keeps(&one, &[]).is_err());
        assert!(keeps(&none, &["a".to_owned()]).is_err());
        // Lambda takes a null for success of all; who answers so does not keep the contract.
        assert!(keeps(&Bytes::from_static(b"null"), &[]).is_err());
    }
}

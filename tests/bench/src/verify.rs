//! Whether every expected order or message arrived, each once. If not, the run's figures do not count.

use std::{collections::HashMap, ops::Range};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

use crate::{
    customers::{Customers, order_id},
    tally::{Exactness, Tally},
    world::Posted,
};

/// The output differs from the expected one.
#[derive(Debug, Error)]
pub(crate) enum Mismatch {
    #[error("the answer cannot be read: {0}")]
    Answer(#[from] serde_json::Error),
    /// Other messages failed than expected.
    #[error("the answer keeps {found} messages, {first:?} first, and not just {expected:?}")]
    Kept {
        found: usize,
        first: Option<String>,
        expected: Vec<String>,
    },
    #[error("order {at} is unexpected, wrong, or there twice: {body}")]
    Order {
        /// Counted from 0.
        at: usize,
        body: String,
    },
    #[error("{0} orders are missing")]
    Missing(usize),
    #[error("{found} messages of {expected} expected; if these are the same, some are wrong or there twice")]
    Messages { found: u64, expected: u64 },
    #[error("the summary counts {fetched} fetched and {enqueued} enqueued, of {expected}")]
    Summary {
        fetched: u64,
        enqueued: u64,
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

/// Checks which messages a batch's answer names as failed.
pub(crate) fn keeps(answer: &Bytes, expected: &[String]) -> Result<(), Mismatch> {
    let answer: BatchAnswer = serde_json::from_slice(answer)?;
    let found = answer.batch_item_failures.into_iter();
    let found: Vec<String> = found.map(|failure| failure.item_identifier).collect();
    if found == expected {
        Ok(())
    } else {
        Err(Mismatch::Kept {
            found: found.len(),
            first: found.into_iter().next(),
            expected: expected.to_vec(),
        })
    }
}

/// Checks that the orders of the customers at `indices`, of those that should have one, came exactly once and right.
pub(crate) fn orders(posted: &[Posted], customers: &Customers, indices: Range<u64>) -> Result<(), Mismatch> {
    let mut expected: HashMap<String, Value> = indices
        .filter_map(|index| customers.order(index))
        .map(|order| (order_id(&order).to_owned(), order))
        .collect();
    for (at, Posted { key, body }) in posted.iter().enumerate() {
        let order: Option<Value> = serde_json::from_slice(body).ok();
        let id = key.as_ref().and_then(|key| key.to_str().ok());
        // The order that belongs to the key must be the posted one.
        if order.is_none() || id.and_then(|id| expected.remove(id)) != order {
            let body = String::from_utf8_lossy(body).into_owned();
            return Err(Mismatch::Order { at, body });
        }
    }
    if expected.is_empty() {
        Ok(())
    } else {
        Err(Mismatch::Missing(expected.len()))
    }
}

/// Checks that every customer is on the queue exactly once, and counted in the summary.
pub(crate) fn messages(
    sent: Tally,
    summary: &Bytes,
    customers: &Customers,
    exactness: Exactness,
) -> Result<(), Mismatch> {
    counts_all(summary, customers)?;
    sent_is(sent, Tally::expected(customers, exactness))
}

/// Checks that every customer was counted, and none sent.
pub(crate) fn dry_run(sent: Tally, summary: &Bytes, customers: &Customers) -> Result<(), Mismatch> {
    counts_all(summary, customers)?;
    sent_is(sent, Tally::default())
}

fn counts_all(summary: &Bytes, customers: &Customers) -> Result<(), Mismatch> {
    let Summary { fetched, enqueued } = serde_json::from_slice(summary)?;
    let expected = customers.count();
    if fetched == expected && enqueued == expected {
        Ok(())
    } else {
        Err(Mismatch::Summary {
            fetched,
            enqueued,
            expected,
        })
    }
}

fn sent_is(sent: Tally, expected: Tally) -> Result<(), Mismatch> {
    if sent == expected {
        Ok(())
    } else {
        Err(Mismatch::Messages {
            found: sent.messages,
            expected: expected.messages,
        })
    }
}

/// Checks that every customer was counted by a competitor that sends none.
pub(crate) fn cut(summary: &Bytes, customers: &Customers) -> Result<(), Mismatch> {
    let Summary { fetched, enqueued } = serde_json::from_slice(summary)?;
    let expected = customers.count();
    if fetched == expected && enqueued == 0 {
        Ok(())
    } else {
        Err(Mismatch::Summary {
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
            key: Some(order_id(&order).parse().unwrap()),
            body: serde_json::to_vec(&order).unwrap().into(),
        }
    }

    fn check(posted: &[Posted]) -> Result<(), String> {
        orders(posted, &Customers::Plain(10), 0..3).map_err(|wrong| wrong.to_string())
    }

    #[test]
    fn every_order_once_is_accepted() {
        assert_eq!(check(&[posted(2), posted(0), posted(1)]), Ok(()));
    }

    #[test]
    fn missing_repeated_and_unknown_orders_are_errors() {
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
    fn wrong_key_or_body_is_an_error() {
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
    fn batch_answer_must_name_the_expected_failures() {
        let none = Bytes::from_static(br#"{"batchItemFailures":[]}"#);
        let one = Bytes::from_static(br#"{"batchItemFailures":[{"itemIdentifier":"a"}]}"#);
        assert!(keeps(&none, &[]).is_ok());
        assert!(keeps(&one, &["a".to_owned()]).is_ok());
        assert!(keeps(&one, &[]).is_err());
        assert!(keeps(&none, &["a".to_owned()]).is_err());
        // Lambda takes null as success of all, which is not the contract's form.
        assert!(keeps(&Bytes::from_static(b"null"), &[]).is_err());
    }
}

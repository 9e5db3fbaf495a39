//! What was sent to the queue, summed up so that nothing but every message exactly once gives the same sum.

use md5::{Digest, Md5};
use serde_json::{Map, Value};

use crate::customers::Customers;

/// How alike two messages must be to count as the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) enum Exactness {
    /// Byte for byte: the contract asks for the customer verbatim.
    #[default]
    Verbatim,
    /// As JSON: what a program writes that has read the customer and written it again.
    SameJson,
}

/// A number of messages, and the sum of their MD5 digests, which SQS wants of each anyway. A message that is missing,
/// there twice or changed leaves another sum, unless 128 bits happen to agree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) messages: u64,
    sum: u128,
}

impl Tally {
    /// What a run over these customers must send.
    pub(crate) fn expected(customers: &Customers, exactness: Exactness) -> Self {
        let mut tally = Self::default();
        for index in 0..customers.count() {
            let body = customers.message(index);
            // What the customers are made of is JSON.
            let _ = tally.add(&body, Md5::digest(&body).into(), exactness);
        }
        tally
    }

    /// Adds a message, of which the digest is known.
    ///
    /// # Returns
    /// `None` where it is no JSON, and should be.
    pub(crate) fn add(&mut self, body: &str, digest: [u8; 16], exactness: Exactness) -> Option<()> {
        let digest = match exactness {
            Exactness::Verbatim => digest,
            Exactness::SameJson => Md5::digest(canonical(body)?).into(),
        };
        self.merge(Self {
            messages: 1,
            sum: u128::from_be_bytes(digest),
        });
        Some(())
    }

    /// Adds the messages of another.
    pub(crate) fn merge(&mut self, other: Self) {
        self.messages += other.messages;
        self.sum = self.sum.wrapping_add(other.sum);
    }
}

/// One spelling for all texts that are the same JSON.
fn canonical(body: &str) -> Option<String> {
    let value: Value = serde_json::from_str(body).ok()?;
    Some(plain(value).to_string())
}

/// Numbers as JavaScript has them all; the fields of an object are sorted already.
fn plain(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| (name, plain(value)));
            Value::Object(fields.collect::<Map<_, _>>())
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(bodies: &[&str], exactness: Exactness) -> Tally {
        let mut tally = Tally::default();
        for body in bodies {
            tally.add(body, Md5::digest(body).into(), exactness).unwrap();
        }
        tally
    }

    #[test]
    fn tally_ignores_the_order_of_messages() {
        let exactness = Exactness::Verbatim;
        assert_eq!(
            tally(&["1", "2", "3"], exactness),
            tally(&["3", "1", "2"], exactness)
        );
        assert_eq!(tally(&["1", "2"], exactness).messages, 2);
    }

    #[test]
    fn tally_detects_repeated_and_missing_message() {
        let exactness = Exactness::Verbatim;
        assert_ne!(
            tally(&["1", "2", "3"], exactness),
            tally(&["1", "1", "3"], exactness)
        );
        assert_ne!(tally(&["1"], exactness), tally(&["1", "1"], exactness));
    }

    #[test]
    fn other_spelling_matches_as_json_only() {
        let (ours, theirs) = (r#"{"a":1.50e1,"b":"\u00e9"}"#, r#"{ "b": "é", "a": 15 }"#);
        assert_eq!(
            tally(&[ours], Exactness::SameJson),
            tally(&[theirs], Exactness::SameJson)
        );
        assert_ne!(
            tally(&[ours], Exactness::Verbatim),
            tally(&[theirs], Exactness::Verbatim)
        );
        assert_ne!(
            tally(&[ours], Exactness::SameJson),
            tally(&[r#"{"a":15,"b":"e"}"#], Exactness::SameJson)
        );
    }
}

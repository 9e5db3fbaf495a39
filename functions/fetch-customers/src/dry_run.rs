//! What a dry run finds out: which customers `submit-orders` would reject, and why.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use shared::{
    domain::customer_id::CustomerId,
    mapping::customer::{Customer, InvalidCustomer},
};

/// How many kinds of violations are counted, so that the answer has a bound whatever the mapping's rules are.
const MAX_KINDS: usize = 20;

/// How many customers are examples of a kind.
const EXAMPLES_PER_KIND: u64 = 3;

/// How many characters of an id are shown: an id may be as long as a message.
const MAX_ID_CHARS: usize = 300;

/// The customers of a dry run that would be rejected. It holds fields and rules, never a customer's values but the id,
/// and its size does not depend on the number of customers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Findings {
    pub would_be_rejected: u64,
    /// How many customers have each violation, such as `email: must be a valid e-mail address`. No more than 20 kinds.
    pub violations: BTreeMap<String, u64>,
    /// The first three customers with each of these violations.
    pub examples: Vec<Example>,
}

/// A customer that would be rejected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// Its place in the run, from 0.
    pub index: u64,
    /// `None` if it has no valid one.
    pub customer_id: Option<String>,
    pub violations: Vec<String>,
}

impl Findings {
    /// Checks the rules of the mapping, as `submit-orders` would.
    pub fn check(&mut self, index: u64, customer: &RawValue) {
        let Err(InvalidCustomer { id, violations }) = Customer::read(customer) else {
            return;
        };
        self.would_be_rejected += 1;
        let violations: Vec<String> = violations.iter().map(|violation| violation.to_string()).collect();
        let mut is_example = false;
        for violation in &violations {
            is_example |= self
                .count(violation)
                .is_some_and(|count| count <= EXAMPLES_PER_KIND);
        }
        if is_example {
            let shown = |id: CustomerId| id.as_str().chars().take(MAX_ID_CHARS).collect();
            self.examples.push(Example {
                index,
                customer_id: id.map(shown),
                violations,
            });
        }
    }

    /// # Returns
    /// How many customers have this violation so far; `None` if its kind is one too many.
    fn count(&mut self, violation: &str) -> Option<u64> {
        if !self.violations.contains_key(violation) && self.violations.len() >= MAX_KINDS {
            return None;
        }
        let count = self.violations.entry(violation.to_owned()).or_default();
        *count += 1;
        Some(*count)
    }
}

#[cfg(test)]
mod tests {
    use fixture::{Change, ID_POINTER, customer, customer_with_id};
    use serde_json::{Value, json};

    use super::*;

    const EMAIL: &str = "email: must be a valid e-mail address";
    const PHONE: &str = "phone: must be text";

    fn check(findings: &mut Findings, index: u64, customer: &Value) {
        let customer = RawValue::from_string(customer.to_string()).unwrap();
        findings.check(index, &customer);
    }

    #[test]
    fn valid_customers_are_no_findings() {
        let mut findings = Findings::default();
        check(&mut findings, 0, &customer());
        assert_eq!(findings, Findings::default());
    }

    #[test]
    fn violations_are_counted_with_examples() {
        let mut findings = Findings::default();
        let invalid = customer().with("/email", "x");
        check(&mut findings, 4, &invalid);
        check(
            &mut findings,
            9,
            &invalid.with("/phone", 5).with(ID_POINTER, Value::Null),
        );
        let id = format!(
            "{}: required: a string that is not blank, or an integer",
            fixture::ID
        );
        assert_eq!(
            serde_json::to_value(findings).unwrap(),
            json!({
                "would_be_rejected": 2,
                "violations": {&id: 1, EMAIL: 2, PHONE: 1},
                "examples": [
                    {"index": 4, "customer_id": "123", "violations": [EMAIL]},
                    {"index": 9, "customer_id": null, "violations": [id, EMAIL, PHONE]},
                ],
            })
        );
    }

    #[test]
    fn each_kind_has_three_examples() {
        let mut findings = Findings::default();
        for index in 0..1_000 {
            check(&mut findings, index, &customer_with_id(index).with("/email", "x"));
        }
        check(
            &mut findings,
            1_000,
            &customer().with("/email", "x").with("/phone", 5),
        );
        assert_eq!(
            (findings.would_be_rejected, findings.violations[EMAIL]),
            (1_001, 1_001)
        );
        let indexes: Vec<u64> = findings.examples.iter().map(|example| example.index).collect();
        assert_eq!(indexes, [0, 1, 2, 1_000]);
    }

    #[test]
    fn kinds_and_ids_are_bounded() {
        let mut findings = Findings::default();
        let kinds: Vec<_> = (0..30).map(|kind| findings.count(&kind.to_string())).collect();
        assert_eq!(kinds.iter().flatten().count(), MAX_KINDS);
        assert_eq!(findings.violations.len(), MAX_KINDS);
        let mut findings = Findings::default();
        check(
            &mut findings,
            0,
            &customer_with_id("é".repeat(100_000)).with("/email", "x"),
        );
        let id = findings.examples[0].customer_id.as_ref().unwrap();
        assert_eq!(id.chars().count(), MAX_ID_CHARS);
    }
}

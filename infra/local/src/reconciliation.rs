//! What became of each customer, according to the destination's ledger and the dead-letter queue.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use data_encoding::{Encoding, Specification};
use sandbox::{Expected, LedgerEntry};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use shared::domain::customer_id::CustomerId;
use shared::domain::message::Message;
use shared::domain::order_date::OrderDate;
use shared::mapping::customer::read_customer_id;

use crate::queues::DeadLetter;

/// The reason of dead letters that the redrive policy moved.
pub const ATTEMPTS_USED_UP: &str = "attempts used up";

/// What became of every customer of a run.
#[derive(Debug, Default)]
pub struct Reconciliation {
    pub customers: u64,
    /// Customers that have an order.
    pub ordered: u64,
    /// Customers on the dead-letter queue, by reason.
    pub dead_letters: BTreeMap<String, DeadLetterGroup>,
    /// Everything that differs from what must be there, one line each. Empty: every customer is accounted for.
    pub discrepancies: Vec<String>,
}

/// Dead letters of one reason.
#[derive(Debug, Default)]
pub struct DeadLetterGroup {
    pub count: u64,
    /// The detail of one of them, with the customer's id if it has one.
    pub example: String,
}

impl Reconciliation {
    /// Compares the ledger and the dead letters with the customers.
    ///
    /// `customers` are the elements of the source, verbatim, and what is expected of each if that is known;
    /// `ledger` and `dead_letters` may hold other runs' orders as well.
    pub fn new<'a>(
        order_date: OrderDate,
        customers: impl IntoIterator<Item = (&'a str, Option<&'a Expected>)>,
        ledger: &BTreeMap<String, LedgerEntry>,
        dead_letters: &[DeadLetter],
    ) -> Self {
        let mut reconciliation = Self::default();
        let mut letters = DeadByCustomer::new(order_date, dead_letters);
        let (mut ordered, mut rejected) = (BTreeSet::new(), BTreeSet::new());
        for (index, (json, expected)) in customers.into_iter().enumerate() {
            reconciliation.customers += 1;
            let name = name(index, json);
            let order_id = order_id(json, order_date);
            let entry = order_id.as_ref().and_then(|id| ledger.get(id));
            if let Some(letter) = letters.take(json) {
                reconciliation.add_dead_letter(&name, letter, expected);
                rejected.extend(order_id.map(|id| (id, name)));
            } else if let (Some(entry), Some(order_id)) = (entry, order_id) {
                reconciliation.ordered += 1;
                ordered.insert(order_id);
                reconciliation.compare(&name, entry, expected);
            } else {
                reconciliation
                    .discrepancies
                    .push(format!("{name} has neither an order nor a dead letter"));
            }
        }
        for (order_id, name) in rejected {
            if ledger.contains_key(&order_id) && !ordered.contains(&order_id) {
                reconciliation
                    .discrepancies
                    .push(format!("{name} has both an order, {order_id}, and a dead letter"));
            }
        }
        let date = order_date.to_string();
        for (order_id, entry) in ledger {
            if entry.order_date == date && !ordered.contains(order_id) {
                reconciliation
                    .discrepancies
                    .push(format!("the order {order_id} belongs to no customer"));
            }
        }
        if letters.left() > 0 {
            reconciliation.discrepancies.push(format!(
                "{} dead letters belong to no customer, or are second ones of a customer",
                letters.left()
            ));
        }
        reconciliation
    }

    pub fn dead_letter_count(&self) -> u64 {
        self.dead_letters.values().map(|group| group.count).sum()
    }

    fn add_dead_letter(&mut self, name: &str, letter: &DeadLetter, expected: Option<&Expected>) {
        let (reason, detail) = (
            letter.reason().unwrap_or(ATTEMPTS_USED_UP),
            letter.detail().unwrap_or_default(),
        );
        let group = self.dead_letters.entry(reason.to_owned()).or_default();
        group.count += 1;
        if group.example.is_empty() {
            group.example = format!("{name}: {detail}");
        }
        match expected {
            None => {}
            Some(Expected::Rejected { reason: right, field })
                if *right == reason && detail.contains(field) => {}
            Some(Expected::Rejected { reason: right, field }) => self.discrepancies.push(format!(
                "{name} is a dead letter with reason {reason} ({detail}), but must have reason {right}, because of {field}"
            )),
            Some(Expected::Order(_)) => {
                self.discrepancies.push(format!(
                    "{name} is valid, but a dead letter with reason {reason}: {detail}"
                ));
            }
        }
    }

    fn compare(&mut self, name: &str, entry: &LedgerEntry, expected: Option<&Expected>) {
        match expected {
            Some(Expected::Order(order)) if !entry.is(order) => {
                self.discrepancies
                    .push(format!("{name} has an order that differs from its fields"));
            }
            Some(Expected::Order(_)) | None => {}
            Some(Expected::Rejected { field, .. }) => {
                self.discrepancies
                    .push(format!("{name} has an order, but its {field} breaks a rule"));
            }
        }
    }
}

/// The dead letters of one order date by their customer, verbatim.
struct DeadByCustomer<'a>(HashMap<&'a str, Vec<&'a DeadLetter>>);

impl<'a> DeadByCustomer<'a> {
    fn new(order_date: OrderDate, letters: &'a [DeadLetter]) -> Self {
        let mut by_customer: HashMap<&str, Vec<&DeadLetter>> = HashMap::new();
        for letter in letters {
            if let Ok(message) = Message::parse(&letter.body)
                && message.order_date == order_date
            {
                by_customer
                    .entry(message.customer.get())
                    .or_default()
                    .push(letter);
            }
        }
        Self(by_customer)
    }

    fn take(&mut self, customer: &str) -> Option<&'a DeadLetter> {
        self.0.get_mut(customer)?.pop()
    }

    fn left(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }
}

fn customer_id(json: &str) -> Option<CustomerId> {
    read_customer_id(&RawValue::from_string(json.to_owned()).ok()?)
}

fn name(index: usize, json: &str) -> String {
    match customer_id(json) {
        Some(id) => format!("customer {id}"),
        None => format!("the customer at index {index}, without an id,"),
    }
}

/// The formula of the order id, a second time: it checks `submit-orders`, so it does not use its code.
fn order_id(json: &str, order_date: OrderDate) -> Option<String> {
    let hash = Sha256::digest(format!("{}\n{order_date}", customer_id(json)?));
    let code = crockford()?.encode(hash.get(..10)?);
    Some(format!(
        "ORD-{}-{code}",
        order_date.to_string().get(..10)?.replace('-', "")
    ))
}

fn crockford() -> Option<Encoding> {
    let mut specification = Specification::new();
    specification.symbols.push_str("0123456789ABCDEFGHJKMNPQRSTVWXYZ");
    specification.encoding().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_id_is_that_of_the_contract() {
        let date = "2023-10-15T14:30:00Z".parse().unwrap();
        assert_eq!(
            order_id(&fixture::only_id("123").to_string(), date).unwrap(),
            "ORD-20231015-TSKDTY56PWC8QZC3"
        );
        assert_eq!(
            order_id(&fixture::only_id(123).to_string(), date).unwrap(),
            "ORD-20231015-TSKDTY56PWC8QZC3"
        );
        assert_eq!(order_id(r#"{"email": "a@example.com"}"#, date), None);
    }

    #[test]
    fn unaccounted_customer_is_named() {
        let date = "2023-10-15T14:30:00Z".parse().unwrap();
        let known = fixture::only_id("123").to_string();
        let customers = [(known.as_str(), None), ("{}", None)];
        let reconciliation = Reconciliation::new(date, customers, &BTreeMap::new(), &[]);
        assert_eq!(
            reconciliation.discrepancies,
            [
                "customer 123 has neither an order nor a dead letter",
                "the customer at index 1, without an id, has neither an order nor a dead letter",
            ]
        );
    }
}

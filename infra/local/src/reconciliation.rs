//! What became of each customer, according to the destination's ledger and the dead-letter queue.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sandbox::{Expected, LedgerEntry};
use serde_json::value::RawValue;
use shared::domain::customer_id::CustomerId;
use shared::domain::message::Message;
use shared::domain::order_date::OrderDate;
use shared::domain::order_id::{OneOrderPer, OrderId};
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
    /// `ledger` and `dead_letters` may hold other runs' orders as well. `one_order_per` is the setting of `submit-orders`.
    pub fn new<'a>(
        order_date: OrderDate,
        one_order_per: OneOrderPer,
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
            let order_id = order_id(json, order_date, one_order_per);
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

/// The dead letters of one order date by their customer.
struct DeadByCustomer<'a> {
    order_date: OrderDate,
    /// By their customer, verbatim.
    whole: HashMap<&'a str, Vec<&'a DeadLetter>>,
    /// Those that are cut, since their customer is too large.
    cut: Vec<&'a DeadLetter>,
}

impl<'a> DeadByCustomer<'a> {
    fn new(order_date: OrderDate, letters: &'a [DeadLetter]) -> Self {
        let mut whole: HashMap<&str, Vec<&DeadLetter>> = HashMap::new();
        let mut cut = Vec::new();
        let frame = Message::frame(order_date, "");
        let before = frame.trim_end_matches('}');
        for letter in letters {
            match Message::parse(&letter.body) {
                Ok(message) if message.order_date == order_date => {
                    whole.entry(message.customer.get()).or_default().push(letter);
                }
                Ok(_) => {}
                Err(_) if letter.body.starts_with(before) => cut.push(letter),
                Err(_) => {}
            }
        }
        Self {
            order_date,
            whole,
            cut,
        }
    }

    fn take(&mut self, customer: &str) -> Option<&'a DeadLetter> {
        if let Some(letters) = self.whole.get_mut(customer) {
            return letters.pop();
        }
        if self.cut.is_empty() {
            return None;
        }
        let message = Message::frame(self.order_date, customer);
        let at = self
            .cut
            .iter()
            .position(|letter| message.starts_with(&letter.body))?;
        Some(self.cut.swap_remove(at))
    }

    fn left(&self) -> usize {
        self.whole.values().map(Vec::len).sum::<usize>() + self.cut.len()
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

fn order_id(json: &str, order_date: OrderDate, one_order_per: OneOrderPer) -> Option<String> {
    let id = OrderId::new(&customer_id(json)?, order_date, one_order_per);
    Some(id.to_string())
}

#[cfg(test)]
mod tests {
    use fixture::Change;

    use super::*;

    const DATE: &str = "2023-10-15T14:30:00Z";

    fn order(order_date: &str) -> LedgerEntry {
        LedgerEntry {
            order: serde_json::Value::Null,
            order_date: order_date.to_owned(),
            body: Vec::new().into(),
            posts: 1,
        }
    }

    #[test]
    fn order_of_each_period_is_found() {
        let customer = fixture::only_id("123").to_string();
        for (one_order_per, id) in [
            (OneOrderPer::Run, "ORD-20231015-TSKDTY56PWC8QZC3"),
            (OneOrderPer::Day, "ORD-20231015-D6TXAHK8FZXTXQJN"),
            (OneOrderPer::Month, "ORD-202310-VF8H7AWEGGQ7KXQ7"),
            (OneOrderPer::Customer, "ORD-30911Y7SRXWW4VD1"),
        ] {
            let ledger = [(id.to_owned(), order(DATE))].into();
            let customers = [(customer.as_str(), None)];
            let found = Reconciliation::new(DATE.parse().unwrap(), one_order_per, customers, &ledger, &[]);
            assert_eq!(found.ordered, 1, "{one_order_per:?}");
            assert_eq!(found.discrepancies, [""; 0], "{one_order_per:?}");
        }
    }

    #[test]
    fn cut_dead_letter_belongs_to_its_customer() {
        let date = DATE.parse().unwrap();
        let note = |id: &str| fixture::only_id(id).with("/note", "x".repeat(100)).to_string();
        let (first, second) = (note("1"), note("2"));
        let mut body = Message::frame(date, &second);
        body.truncate(100);
        let letter = DeadLetter::with_reason(body, "malformed_message");
        let customers = [(first.as_str(), None), (second.as_str(), None)];
        let found = Reconciliation::new(date, OneOrderPer::Run, customers, &BTreeMap::new(), &[letter]);
        assert_eq!(found.dead_letters["malformed_message"].count, 1);
        assert_eq!(
            found.discrepancies,
            ["customer 1 has neither an order nor a dead letter"]
        );
    }

    #[test]
    fn unaccounted_customer_is_named() {
        let date = "2023-10-15T14:30:00Z".parse().unwrap();
        let known = fixture::only_id("123").to_string();
        let customers = [(known.as_str(), None), ("{}", None)];
        let reconciliation = Reconciliation::new(date, OneOrderPer::Run, customers, &BTreeMap::new(), &[]);
        assert_eq!(
            reconciliation.discrepancies,
            [
                "customer 123 has neither an order nor a dead letter",
                "the customer at index 1, without an id, has neither an order nor a dead letter",
            ]
        );
    }
}

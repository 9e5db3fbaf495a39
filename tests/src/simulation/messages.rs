//! The messages of a world, and what is expected of each.

use std::collections::BTreeMap;

use fixture::{Change, customer_with_id, only_id};
use serde_json::Value;
use shared::domain::order_id::{OneOrderPer, OrderId};

use super::scenario::ORDER_DATE;
use crate::{bridge::raw, destination::Destination};

/// What is expected of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expected {
    /// Its order, by id and body.
    Order(String, Value),
    /// A dead letter with this reason.
    DeadLetter(&'static str),
    /// The destination lets everything through but this order.
    Blocked,
}

/// Messages, and what is expected of each.
pub(super) fn messages(
    count: u32,
    random: &mut fastrand::Rng,
    destination: &Destination,
) -> BTreeMap<String, Expected> {
    (0..count)
        .map(|id| {
            let mut customer = customer_with_id(id);
            let expected = match random.u32(..20) {
                0 => {
                    customer = only_id(id);
                    Expected::DeadLetter("invalid_customer")
                }
                1 => {
                    destination.state().refused_customers.push(id.to_string());
                    Expected::DeadLetter("rejected_by_destination")
                }
                2 => return (format!("no JSON {id}"), Expected::DeadLetter("malformed_message")),
                3 => {
                    destination.state().blocked_customers.push(id.to_string());
                    Expected::Blocked
                }
                _ => order(&customer),
            };
            (fixture::message(&customer), expected)
        })
        .collect()
}

/// The order of a customer of the model: the fixture's, with the identities of this one.
fn order(customer: &Value) -> Expected {
    let id = customer[fixture::ID].to_string();
    let customer_id = shared::mapping::customer::read_customer_id(&raw(customer)).expect("an id");
    let date = ORDER_DATE.parse().expect("a date");
    let order_id = OrderId::new(&customer_id, date, OneOrderPer::Run).to_string();
    let example = fixture::example();
    let mut order = fixture::order().with(&example.order_id_pointer, order_id.as_str());
    if let Some(pointer) = &example.customer_id_pointer {
        order.set(pointer, id);
    }
    Expected::Order(order_id, order)
}

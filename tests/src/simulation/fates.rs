//! The messages of a world, what should become of each, and what the destination is like meanwhile.

use std::{collections::BTreeMap, time::Duration};

use fixture::{Change, customer_with_id};
use serde_json::Value;
use shared::domain::order_id::{OneOrderPer, OrderId};
use tokio::time::Instant;

use super::{DAY, HOUR, Kind, ORDER_DATE};
use crate::{
    bridge::raw,
    destination::{Destination, Weather},
};

/// What should become of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fate {
    /// Its order, by id and body.
    Order(String, Value),
    /// A dead letter with this reason.
    DeadLetter(&'static str),
    /// The destination lets everything through but this order.
    Blocked,
}

/// Messages, and what should become of each.
pub(super) fn fates(
    count: u32,
    random: &mut fastrand::Rng,
    destination: &Destination,
) -> BTreeMap<String, Fate> {
    (0..count)
        .map(|id| {
            let mut customer = customer_with_id(id).with("/email", format!("customer-{id}@example.com"));
            let fate = match random.u32(..20) {
                0 => {
                    customer.set("/email", "no address");
                    Fate::DeadLetter("invalid_customer")
                }
                1 => {
                    destination.state().refused_customers.push(id.to_string());
                    Fate::DeadLetter("rejected_by_destination")
                }
                2 => return (format!("no JSON {id}"), Fate::DeadLetter("malformed_message")),
                3 => {
                    destination.state().blocked_customers.push(id.to_string());
                    Fate::Blocked
                }
                _ => order(&customer),
            };
            (fixture::message(&customer), fate)
        })
        .collect()
}

/// The order of a customer of the model: the fixture's, where the two differ as their customers do.
fn order(customer: &Value) -> Fate {
    let id = customer[fixture::ID].to_string();
    let customer_id = shared::mapping::customer::read_customer_id(&raw(customer)).expect("an id");
    let date = ORDER_DATE.parse().expect("a date");
    let order_id = OrderId::new(&customer_id, date, OneOrderPer::Run).to_string();
    let order = fixture::order()
        .with("/orderId", order_id.as_str())
        .with("/customerInfo/id", id)
        .with("/customerInfo/contactEmail", customer["email"].clone());
    Fate::Order(order_id, order)
}

/// # Returns
/// When it is fair for good.
pub(super) fn forecast(random: &mut fastrand::Rng, kind: Kind, destination: &Destination) -> Instant {
    use Weather::{Down, Fair, Forbidden, Hanging, Mixed, NoTokens, Overloaded, RateLimited, Slow};
    let began = Instant::now();
    let mut state = destination.state();
    if kind == Kind::Hopeless {
        let weather = [Down, Overloaded, Forbidden, NoTokens][random.usize(..4)];
        state.forecast = vec![(began + HOUR * random.u32(..2), weather), (began + 6 * DAY, Fair)];
        return began + 6 * DAY;
    }
    // Twenty hours of bad weather, and a rotation with its gap, are less than the day that must cost nothing.
    let end = began + HOUR * random.u32(1..=20);
    let mut from = began;
    while from < end {
        let weather = [
            Fair,
            Down,
            Hanging,
            Overloaded,
            Slow,
            RateLimited,
            Forbidden,
            NoTokens,
            Mixed,
            Mixed,
        ][random.usize(..10)];
        state.forecast.push((from, weather));
        from += Duration::from_secs(random.u64(1..=4 * 3600));
    }
    state.forecast.push((end, Fair));
    end
}

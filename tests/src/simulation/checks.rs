//! Checks that each customer ended with one order, or a dead letter that says why.

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;

use super::{messages::Expected, scenario::Kind, world::World};
use crate::{
    bridge::{DEAD_LETTER_QUEUE_URL, FUNCTION_TIMEOUT},
    destination::State,
    emf::{VERDICT_METRICS, sum},
};

/// A delivery so long before shows that the destination accepts orders, as the contract has it.
const DELIVERY_WINDOW: Duration = Duration::from_secs(10);

/// An answer's way to the function.
const ON_THE_WAY: Duration = Duration::from_secs(1);

/// Whether an order was blocked while others were delivered: in the same invocation, or a moment before.
fn was_blocked_alone(state: &State, id: &str) -> bool {
    let mut blocked = state.blocked.get(id).into_iter().flatten();
    blocked.any(|at| {
        let (from, to) = (*at - DELIVERY_WINDOW - ON_THE_WAY, *at + FUNCTION_TIMEOUT);
        state
            .deliveries
            .iter()
            .any(|delivery| (from..=to).contains(delivery))
    })
}

/// What breaks the guarantee, after the end of the simulation.
pub(super) fn violations(world: &World) -> Vec<String> {
    let mut violations = Vec::new();
    let state = world.destination.state();
    let letters = world.aws.queues(|queues| queues.messages(DEAD_LETTER_QUEUE_URL));
    let reasons = |body: &String| {
        let of = letters.iter().filter(|letter| letter.body == *body);
        of.map(|letter| letter.attributes.get("reason").map_or("none", String::as_str))
            .collect::<BTreeSet<_>>()
    };
    for (body, expected) in &world.expected {
        let found = reasons(body);
        match expected {
            Expected::Order(id, _)
                if found == BTreeSet::from(["rejected_by_destination"]) && was_blocked_alone(&state, id) => {}
            Expected::Order(id, order) => {
                let stored = state.ledger.get(id);
                let same = |stored: &crate::destination::Stored| {
                    serde_json::from_slice::<Value>(&stored.body).is_ok_and(|stored| stored == *order)
                };
                match (world.kind, stored) {
                    (_, Some(stored)) if !same(stored) => violations.push(format!("{id} is another order")),
                    (Kind::DestinationFaults | Kind::AllFaults, None) => {
                        violations.push(format!("{id} is not in the ledger"))
                    }
                    (Kind::LongOutage, None) if found != BTreeSet::from(["expired"]) => {
                        violations.push(format!("{id} is neither in the ledger nor expired: {found:?}"));
                    }
                    _ => {}
                }
                if world.kind != Kind::LongOutage && !found.is_empty() {
                    violations.push(format!("{id} is a dead letter: {found:?}"));
                }
            }
            // Without other orders to compare with, it is retried until its attempts or its time are used up.
            Expected::Blocked => {
                let is_allowed = match world.kind {
                    // What was rejected, but could not be deleted, comes back: if no other order is delivered from then
                    // on, its attempts are used up as well. The first dead letter says why (seed 1709).
                    Kind::AllFaults if found.len() == 2 => {
                        found.is_superset(&BTreeSet::from(["rejected_by_destination"]))
                            && !found.is_disjoint(&BTreeSet::from(["expired", "none"]))
                    }
                    _ => {
                        found.len() == 1
                            && found.is_subset(&BTreeSet::from([
                                "rejected_by_destination",
                                "expired",
                                "none",
                            ]))
                    }
                };
                if !is_allowed {
                    violations.push(format!("a blocked order is {found:?}: {body}"));
                }
            }
            Expected::DeadLetter(reason) => {
                // During a long outage the message may expire before the destination refuses it.
                let expired = world.kind == Kind::LongOutage && found == BTreeSet::from(["expired"]);
                if found != BTreeSet::from([*reason]) && !expired {
                    violations.push(format!("not a dead letter with {reason}, but {found:?}: {body}"));
                }
            }
        }
    }
    let orders = world
        .expected
        .values()
        .filter(|expected| matches!(expected, Expected::Order(..)))
        .count();
    if state.ledger.len() > orders {
        violations.push(format!("{} orders, but {orders} customers", state.ledger.len()));
    }
    if letters
        .iter()
        .any(|letter| !world.expected.contains_key(&letter.body))
    {
        violations.push("a dead letter of an unknown message".to_owned());
    }
    let unseen = world
        .aws
        .queues(|queues| std::mem::take(&mut queues.deleted_unseen));
    if !unseen.is_empty() {
        violations.push(format!(
            "{} messages were deleted unseen at the end of their retention",
            unseen.len()
        ));
    }
    let lines = world.aws.console().metrics();
    let counted: f64 = VERDICT_METRICS.iter().map(|end| sum(&lines, end)).sum();
    let settled = world.counts.lock().expect("not poisoned").settled;
    if counted.to_string() != settled.to_string() {
        violations.push(format!("the metrics have {counted} of {settled} messages"));
    }
    // Where visibilities can always be set, and nothing is delivered twice, no call comes too early.
    if world.kind == Kind::DestinationFaults && !state.too_early.is_empty() {
        violations.push(format!("posted before Retry-After: {:?}", state.too_early));
    }
    violations
}

//! Whether each customer ended with one order, or a dead letter that says why.

use std::{collections::BTreeSet, time::Duration};

use serde_json::Value;

use super::{Kind, World, fates::Fate};
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

impl World {
    /// What is not as it should be, now that the dust has settled.
    pub(super) fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let state = self.destination.state();
        let letters = self.aws.queues(|queues| queues.messages(DEAD_LETTER_QUEUE_URL));
        let reasons = |body: &String| {
            let of = letters.iter().filter(|letter| letter.body == *body);
            of.map(|letter| letter.attributes.get("reason").map_or("none", String::as_str))
                .collect::<BTreeSet<_>>()
        };
        for (body, fate) in &self.fates {
            let found = reasons(body);
            match fate {
                Fate::Order(id, _)
                    if found == BTreeSet::from(["rejected_by_destination"])
                        && was_blocked_alone(&state, id) => {}
                Fate::Order(id, expected) => {
                    let stored = state.ledger.get(id);
                    let same = |stored: &crate::destination::Stored| {
                        serde_json::from_slice::<Value>(&stored.body).is_ok_and(|order| order == *expected)
                    };
                    match (self.kind, stored) {
                        (_, Some(stored)) if !same(stored) => wrong.push(format!("{id} is another order")),
                        (Kind::Orderly | Kind::Chaotic, None) => {
                            wrong.push(format!("{id} is not in the ledger"))
                        }
                        (Kind::Hopeless, None) if found != BTreeSet::from(["expired"]) => {
                            wrong.push(format!("{id} is neither in the ledger nor expired: {found:?}"));
                        }
                        _ => {}
                    }
                    if self.kind != Kind::Hopeless && !found.is_empty() {
                        wrong.push(format!("{id} is a dead letter: {found:?}"));
                    }
                }
                // Without other orders to compare with, it is retried until its attempts or its time are used up.
                Fate::Blocked => {
                    let allowed = BTreeSet::from(["rejected_by_destination", "expired", "none"]);
                    if found.len() != 1 || !found.is_subset(&allowed) {
                        wrong.push(format!("a blocked order is {found:?}: {body}"));
                    }
                }
                Fate::DeadLetter(reason) => {
                    // A refusal has to be heard: in a hopeless world the message may expire before.
                    let expired = self.kind == Kind::Hopeless && found == BTreeSet::from(["expired"]);
                    if found != BTreeSet::from([*reason]) && !expired {
                        wrong.push(format!("not a dead letter with {reason}, but {found:?}: {body}"));
                    }
                }
            }
        }
        let orders = self
            .fates
            .values()
            .filter(|fate| matches!(fate, Fate::Order(..)))
            .count();
        if state.ledger.len() > orders {
            wrong.push(format!("{} orders, but {orders} customers", state.ledger.len()));
        }
        if letters
            .iter()
            .any(|letter| !self.fates.contains_key(&letter.body))
        {
            wrong.push("a dead letter of an unknown message".to_owned());
        }
        let unseen = self
            .aws
            .queues(|queues| std::mem::take(&mut queues.deleted_unseen));
        if !unseen.is_empty() {
            wrong.push(format!(
                "{} messages were deleted unseen at the end of their retention",
                unseen.len()
            ));
        }
        let lines = self.aws.console().metrics();
        let counted: f64 = VERDICT_METRICS.iter().map(|end| sum(&lines, end)).sum();
        let settled = self.counts.lock().expect("not poisoned").settled;
        if counted.to_string() != settled.to_string() {
            wrong.push(format!("the metrics have {counted} of {settled} messages"));
        }
        // Where visibilities can always be set, and nothing is delivered twice, no call comes too early.
        if self.kind == Kind::Orderly && !state.too_early.is_empty() {
            wrong.push(format!("posted before Retry-After: {:?}", state.too_early));
        }
        wrong
    }
}

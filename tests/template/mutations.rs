//! Each rule, broken on purpose.

mod monitoring;
mod mutation;
mod options;
mod parameters;
mod product;

use std::collections::BTreeSet;

use mutation::Mutation;

use crate::rules::{MONITORING, OPTIONS, PRODUCT, Rule};
use integration_tests::template::Template;

/// Reports mutations that their rule does not see, and rules that no mutation breaks.
fn unseen(rules: &[(&str, Rule)], template: &Template, mutations: &[Mutation]) -> Vec<String> {
    let mut broken = BTreeSet::new();
    let mut unseen = Vec::new();
    for Mutation { breaks, by, edits } in mutations {
        let mutated = template.mutated(edits);
        let rule = rules.iter().find(|(name, _)| name == breaks);
        match rule.map(|(_, rule)| rule(&mutated)) {
            Some(Err(_)) => _ = broken.insert(*breaks),
            Some(Ok(())) => unseen.push(format!("{breaks} does not see: {by}")),
            None => unseen.push(format!("there is no rule {breaks}")),
        }
    }
    let untried = rules.iter().filter(|(name, _)| !broken.contains(name));
    unseen.extend(untried.map(|(name, _)| format!("nothing breaks {name}")));
    unseen
}

#[test]
fn product_rules_see_every_mutation() {
    let mutations: Vec<Mutation> = product::mutations()
        .into_iter()
        .chain(parameters::mutations())
        .collect();
    assert_eq!(unseen(PRODUCT, Template::product(), &mutations), [""; 0]);
}

#[test]
fn option_rules_see_every_mutation() {
    assert_eq!(
        unseen(
            OPTIONS,
            &Template::combinations()["boundary+key+network"],
            &options::with_all()
        ),
        [""; 0]
    );
    // What a default deployment must not have.
    assert_eq!(
        unseen(OPTIONS, Template::product(), &options::with_none()),
        [""; 0]
    );
}

#[test]
fn monitoring_rules_see_every_mutation() {
    assert_eq!(
        unseen(MONITORING, Template::monitoring(), &monitoring::mutations()),
        [""; 0]
    );
}

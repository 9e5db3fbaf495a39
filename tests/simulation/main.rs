//! The guarantee, simulated: whichever call fails, every customer ends with one order or a dead letter that says why.
//!
//! `make soak SEEDS=100000` runs more seeds; a seed that fails is printed, and run again by
//! `SEED=… cargo test -p integration-tests --test simulation`.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "in a test a failed expectation is the message"
)]

mod blocked;
mod outage;

use std::{
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use integration_tests::simulation::{Kind, Outcome, simulate};

/// How many seeds are run if `SEEDS` is not set.
const SEEDS: u64 = 1_000;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable)
        .ok()
        .map(|value| value.parse().expect("a number"))
}

/// Simulates these seeds on all cores.
fn simulate_all(seeds: std::ops::Range<u64>) -> Vec<(u64, Outcome)> {
    let next = AtomicU64::new(seeds.start);
    let outcomes = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        break;
                    }
                    let outcome = simulate(seed);
                    outcomes.lock().unwrap().push((seed, outcome));
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().unwrap();
    outcomes.sort_by_key(|(seed, _)| *seed);
    outcomes
}

#[test]
fn every_customer_ends_with_order_or_dead_letter() {
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(SEEDS),
    };
    let outcomes = simulate_all(seeds);
    let sum = |of: fn(&Outcome) -> u64| outcomes.iter().map(|(_, outcome)| of(outcome)).sum::<u64>();
    let days = outcomes
        .iter()
        .map(|(_, outcome)| outcome.duration)
        .sum::<Duration>()
        .as_secs()
        / 86_400;
    println!(
        "{} seeds, {} messages, {} invocations of which {} were killed, {} POSTs, {days} days",
        outcomes.len(),
        sum(|outcome| outcome.messages as u64),
        sum(|outcome| outcome.invocations),
        sum(|outcome| outcome.killed),
        sum(|outcome| outcome.posts),
    );
    let failed: Vec<_> = outcomes
        .iter()
        .filter(|(_, outcome)| !outcome.violations.is_empty())
        .collect();
    for (seed, outcome) in failed.iter().take(5) {
        println!(
            "seed {seed} ({:?}):\n  {}",
            outcome.kind,
            outcome.violations.join("\n  ")
        );
    }
    if let Some((seed, _)) = failed.first() {
        panic!(
            "{} of {} seeds failed; again: SEED={seed} cargo test -p integration-tests --test simulation",
            failed.len(),
            outcomes.len()
        );
    }
}

#[test]
fn same_seed_has_the_same_outcome() {
    for seed in 0..20 {
        assert_eq!(
            format!("{:?}", simulate(seed)),
            format!("{:?}", simulate(seed)),
            "seed {seed}"
        );
    }
}

#[test]
fn seeds_cover_every_kind_and_killed_workers() {
    let outcomes = simulate_all(0..60);
    for kind in [Kind::DestinationFaults, Kind::AllFaults, Kind::LongOutage] {
        assert!(
            outcomes.iter().any(|(_, outcome)| outcome.kind == kind),
            "{kind:?}"
        );
    }
    assert!(outcomes.iter().any(|(_, outcome)| outcome.killed > 0));
}

//! The guarantee, simulated: whatever fails, every customer ends with one order or a dead letter that says why.
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

use integration_tests::simulation::{Kind, Story, tell};

/// How many seeds are run if `SEEDS` is not set.
const SEEDS: u64 = 1_000;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable)
        .ok()
        .map(|value| value.parse().expect("a number"))
}

/// Simulates these seeds on all cores.
fn tell_all(seeds: std::ops::Range<u64>) -> Vec<(u64, Story)> {
    let next = AtomicU64::new(seeds.start);
    let stories = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        break;
                    }
                    let story = tell(seed);
                    stories.lock().unwrap().push((seed, story));
                }
            });
        }
    });
    let mut stories = stories.into_inner().unwrap();
    stories.sort_by_key(|(seed, _)| *seed);
    stories
}

#[test]
fn whatever_fails_every_customer_ends_with_one_order_or_a_dead_letter_that_says_why() {
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("SEEDS").unwrap_or(SEEDS),
    };
    let stories = tell_all(seeds);
    let sum = |of: fn(&Story) -> u64| stories.iter().map(|(_, story)| of(story)).sum::<u64>();
    let days = stories
        .iter()
        .map(|(_, story)| story.lasted)
        .sum::<Duration>()
        .as_secs()
        / 86_400;
    println!(
        "{} seeds, {} messages, {} invocations of which {} were killed, {} POSTs, {days} days",
        stories.len(),
        sum(|story| story.messages as u64),
        sum(|story| story.invocations),
        sum(|story| story.killed),
        sum(|story| story.posts),
    );
    let failed: Vec<_> = stories
        .iter()
        .filter(|(_, story)| !story.wrong.is_empty())
        .collect();
    for (seed, story) in failed.iter().take(5) {
        println!("seed {seed} ({:?}):\n  {}", story.kind, story.wrong.join("\n  "));
    }
    if let Some((seed, _)) = failed.first() {
        panic!(
            "{} of {} seeds failed; again: SEED={seed} cargo test -p integration-tests --test simulation",
            failed.len(),
            stories.len()
        );
    }
}

#[test]
fn a_seed_tells_the_same_story_each_time() {
    for seed in 0..20 {
        assert_eq!(
            format!("{:?}", tell(seed)),
            format!("{:?}", tell(seed)),
            "seed {seed}"
        );
    }
}

#[test]
fn the_worlds_are_of_all_kinds_and_workers_are_killed_in_them() {
    let stories = tell_all(0..60);
    for kind in [Kind::Orderly, Kind::Chaotic, Kind::Hopeless] {
        assert!(stories.iter().any(|(_, story)| story.kind == kind), "{kind:?}");
    }
    assert!(stories.iter().any(|(_, story)| story.killed > 0));
}

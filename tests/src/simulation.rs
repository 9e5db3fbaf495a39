//! The real handler of `submit-orders` between a model of SQS and a model of the destination, with faults by seed, on a
//! clock that jumps from event to event.
//!
//! A seed decides everything: the customers, the condition of the destination, when its credentials are rotated,
//! which calls to AWS fail, which messages are delivered twice and out of order, and when a worker is killed
//! between two awaits. The same seed gives exactly the same outcome.

mod checks;
mod killable;
mod messages;
mod scenario;
mod schedule;
mod world;

use std::time::Duration;

use tokio::time::Instant;

use checks::violations;
pub use scenario::Kind;
use world::World;

/// What a simulation came to.
#[derive(Debug)]
pub struct Outcome {
    /// What kind of world it was.
    pub kind: Kind,
    /// What breaks the guarantee.
    pub violations: Vec<String>,
    /// Messages at the start.
    pub messages: usize,
    /// Invocations of the function.
    pub invocations: u64,
    /// Of them, killed before their answer.
    pub killed: u64,
    /// POSTs of orders.
    pub posts: u64,
    /// How long it took, on the simulated clock.
    pub duration: Duration,
}

/// Simulates the world of a seed.
#[must_use]
pub fn simulate(seed: u64) -> Outcome {
    // The function's jitter, and the SDK's.
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let world = World::new(seed);
        let started = Instant::now();
        world.run().await;
        let duration = started.elapsed();
        let counts = *world.counts.lock().expect("not poisoned");
        Outcome {
            kind: world.kind,
            violations: violations(&world),
            messages: world.expected.len(),
            invocations: counts.invocations,
            killed: counts.killed,
            posts: world.destination.state().posts,
            duration,
        }
    })
}

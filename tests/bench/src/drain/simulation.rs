//! The model against a simulation of every single order.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::*;

/// Microseconds.
type Time = u64;

fn micros(seconds: f64) -> Time {
    format!("{:.0}", seconds * 1e6).parse().unwrap()
}

fn count(number: f64) -> u64 {
    format!("{number:.0}").parse().unwrap()
}

/// A queue, instances that Lambda starts by and by, and orders that take their time.
struct Simulation {
    setup: Setup,
    waiting: u64,
    /// Whether orders take unequal times.
    uneven: bool,
    seed: u64,
    /// When each instance is free to take a batch.
    free: BinaryHeap<Reverse<Time>>,
    last_end: Time,
}

impl Simulation {
    fn new(setup: Setup, orders: u64, uneven: bool) -> Self {
        let instances = count(setup.max_concurrency);
        // Five at once, then one every 200 ms: 300 a minute.
        let starts = (0..instances).map(|instance| Reverse(instance.saturating_sub(4) * 200_000));
        Self {
            setup,
            waiting: orders,
            uneven,
            seed: 1,
            free: starts.collect(),
            last_end: 0,
        }
    }

    /// The usual latency, or one from half to one and a half times that (splitmix64).
    fn latency(&mut self) -> Time {
        let usual = micros(self.setup.latency);
        if !self.uneven {
            return usual;
        }
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.seed;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usual / 2 + (bits ^ (bits >> 31)) % usual.max(1)
    }

    /// One invocation: as many orders as allowed at once, each begun no earlier than the rate limit lets it.
    fn batch(&mut self, began: Time, size: u64) -> Time {
        let interval = match self.setup.orders_per_second {
            0.0 => 0,
            rate => micros(1.0 / rate),
        };
        let mut slots: BinaryHeap<_> = (0..count(self.setup.max_in_flight))
            .map(|_| Reverse(began))
            .collect();
        let mut end = began;
        for order in 0..size {
            let Reverse(free) = slots.pop().unwrap();
            let done = free.max(began + order * interval) + self.latency();
            slots.push(Reverse(done));
            end = end.max(done);
        }
        end + micros(self.setup.overhead)
    }

    fn seconds(mut self) -> f64 {
        while self.waiting > 0 {
            let Reverse(began) = self.free.pop().unwrap();
            let size = self.waiting.min(count(self.setup.batch));
            self.waiting -= size;
            let end = self.batch(began, size);
            self.last_end = self.last_end.max(end);
            self.free.push(Reverse(end));
        }
        self.last_end as f64 / 1e6
    }
}

const DEFAULTS: Setup = Setup {
    max_concurrency: 10.0,
    batch: 100.0,
    max_in_flight: 20.0,
    orders_per_second: 0.0,
    latency: 0.1,
    overhead: 0.02,
};

#[test]
fn model_agrees_with_simulation_of_every_order() {
    let cases = [
        ("the defaults", DEFAULTS, 100_000),
        (
            "a slow destination",
            Setup {
                latency: 0.5,
                ..DEFAULTS
            },
            100_000,
        ),
        (
            "many instances, still on the ramp",
            Setup {
                max_concurrency: 1000.0,
                ..DEFAULTS
            },
            100_000,
        ),
        (
            "many instances, beyond it",
            Setup {
                max_concurrency: 100.0,
                ..DEFAULTS
            },
            1_000_000,
        ),
        (
            "two instances",
            Setup {
                max_concurrency: 2.0,
                ..DEFAULTS
            },
            20_000,
        ),
        (
            "small batches",
            Setup {
                batch: 10.0,
                max_in_flight: 10.0,
                ..DEFAULTS
            },
            50_000,
        ),
        (
            "a rate limit",
            Setup {
                orders_per_second: 20.0,
                ..DEFAULTS
            },
            20_000,
        ),
    ];
    for (name, setup, orders) in cases {
        let modelled = setup.seconds(orders as f64);
        let even = Simulation::new(setup, orders, false).seconds();
        // The last batch is begun as a whole.
        assert!(
            (modelled - even).abs() <= 0.01 * even + setup.batch_seconds(),
            "{name}: the model says {modelled:.1} s, the simulation took {even:.1} s"
        );
        // A batch waits for the slowest of its orders, so it ends later than in even rounds, within limits.
        let uneven = Simulation::new(setup, orders, true).seconds();
        assert!(
            modelled <= uneven + setup.batch_seconds() && uneven <= 1.5 * modelled + setup.batch_seconds(),
            "{name}: the model says {modelled:.1} s, the simulation took {uneven:.1} s"
        );
    }
}

#[test]
fn ramp_does_the_work_of_its_mean() {
    // From 5 to 15 instances in 2 s: 20 seconds of one instance's work, which is 20 batches of one second.
    let setup = Setup {
        max_concurrency: 15.0,
        batch: 10.0,
        max_in_flight: 10.0,
        latency: 1.0,
        overhead: 0.0,
        ..DEFAULTS
    };
    assert_eq!(setup.seconds(200.0), 2.0);
    // Then 15 a second.
    assert_eq!(setup.seconds(200.0 + 150.0), 3.0);
    assert_eq!(setup.orders_in_a_second(), 150.0);
}

#[test]
fn rate_limit_bounds_every_instance() {
    let limited = Setup {
        orders_per_second: 25.0,
        ..DEFAULTS
    };
    assert_eq!(limited.orders_in_a_second(), 250.0);
}

//! The time to drain a queue, as a function of the stack's parameters.
//!
//! **One instance** handles a batch in rounds: `MaxInFlight` orders at once, each as long as the destination takes.
//! A batch of `B` is `⌈B / MaxInFlight⌉` rounds and what an invocation takes beside them. A rate limit bounds it to
//! `OrdersPerSecond`, if that is less.
//!
//! **Lambda** begins with five instances and adds 300 a minute up to `MaxConcurrency` (AWS Lambda Developer Guide,
//! "Configuring scaling behavior for SQS event source mappings"). So until `MaxConcurrency` is reached, the work that
//! is done grows with the square of the time; from then on, evenly.
//!
//! The model leaves out that a batch is begun as a whole: the last one may end a batch's time later.

/// How many instances begin at once.
const FIRST: f64 = 5.0;

/// How many are added in a second: 300 a minute.
const ADDED_PER_SECOND: f64 = 5.0;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Setup {
    /// `MaxConcurrency`
    pub(crate) max_concurrency: f64,
    /// `BatchSize`
    pub(crate) batch: f64,
    /// `MaxInFlight`
    pub(crate) max_in_flight: f64,
    /// `OrdersPerSecond`, of one instance; zero is no limit.
    pub(crate) orders_per_second: f64,
    /// The destination's latency, in seconds.
    pub(crate) latency: f64,
    /// Time of an invocation besides waiting for the destination, in seconds.
    pub(crate) overhead: f64,
}

impl Setup {
    fn batch_seconds(&self) -> f64 {
        let rounds = (self.batch / self.max_in_flight).ceil();
        let posting = rounds * self.latency + self.overhead;
        if self.orders_per_second > 0.0 {
            posting.max(self.batch / self.orders_per_second)
        } else {
            posting
        }
    }

    /// Orders that all instances post in a second, once all are there.
    pub(crate) fn orders_in_a_second(&self) -> f64 {
        self.max_concurrency * self.batch / self.batch_seconds()
    }

    /// The time to drain a queue of so many orders.
    pub(crate) fn seconds(&self, orders: f64) -> f64 {
        // In seconds of one instance.
        let work = orders / self.batch * self.batch_seconds();
        let first = FIRST.min(self.max_concurrency);
        let ramp = (self.max_concurrency - first) / ADDED_PER_SECOND;
        let work_in_ramp = (first + self.max_concurrency) / 2.0 * ramp;
        if work <= work_in_ramp {
            // first × t + ADDED_PER_SECOND × t² / 2 = work
            ((first * first + 2.0 * ADDED_PER_SECOND * work).sqrt() - first) / ADDED_PER_SECOND
        } else {
            ramp + (work - work_in_ramp) / self.max_concurrency
        }
    }
}

#[cfg(test)]
mod simulation;

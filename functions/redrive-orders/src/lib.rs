//! Reports the dead letters, and redrives or discards them.
//!
//! From the outside in:
//!
//! * [`config`]: the environment variables.
//! * [`handler`]: one invocation; [`request`] is its input, [`report`] its answer.
//! * [`sweep`]: one pass over the dead-letter queue; [`limits`]: when it stops.
//! * [`dead_letter`]: what a dead letter says about itself.
//! * [`queues`]: the calls to SQS. `log_events`: the log lines.

pub mod config;
pub mod dead_letter;
pub mod handler;
pub mod limits;
mod log_events;
pub mod queues;
pub mod report;
pub mod request;
pub mod sweep;

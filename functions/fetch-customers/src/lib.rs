//! Reads every customer of the source API and enqueues each, verbatim.
//!
//! From the outside in:
//!
//! * [`config`]: the environment variables.
//! * [`handler`]: one invocation. [`run`] is its input and its summary, [`error`] why a run ended early;
//!   `log_events` and [`stats`] report it in the log and as metrics.
//! * [`continuation`]: a run that takes longer than one invocation continues in another.
//! * [`dry_run`]: what a dry run finds out about the customers.
//! * [`source`]: pages become customers, one after the other.
//! * [`sender`]: messages are sent in batches, several at once.
//! * `dead_letters`: customers that cannot become messages; `malformed` makes their bodies.

pub mod config;
pub mod continuation;
mod dead_letters;
pub mod dry_run;
pub mod error;
pub mod handler;
mod log_events;
mod malformed;
pub mod run;
pub mod sender;
pub mod source;
pub mod stats;

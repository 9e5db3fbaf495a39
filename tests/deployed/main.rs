//! The deployed stack: the real template and the real functions, on a local AWS. It is deployed once for all of
//! these tests, which take turns; each has customers and an order date of its own.
//!
//! * `job`: the main job, and what a second run does.
//! * `configuration`: another pair of APIs by parameters alone, on a local AWS of its own.
//! * `failures`: what ends on a queue for people.
//! * `first_day`: the commands of docs/deployment.md, on a local AWS of their own.
//! * `kills`: workers that are killed in the middle of their work.
//! * `metrics`: what they print for CloudWatch.
//! * `monitoring`: alarms and dashboard.
//! * `permissions`: what the roles grant and the functions use; `privileges`: nothing more is granted.
//! * `preflight`: `make check`.
//! * `runbook`: the commands of infra/RUNBOOK.md.
//! * `redrive`: dead letters redriven, and discarded.
//! * `scale`: more pages than one, and more than one invocation can read.
//! * `harness`: the stack they share.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "in a test a failed expectation is the message"
)]

mod configuration;
mod failures;
mod first_day;
mod harness;
mod job;
mod kills;
mod metrics;
mod monitoring;
mod permissions;
mod preflight;
mod privileges;
mod redrive;
mod runbook;
mod scale;

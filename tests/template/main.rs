//! Rules for `template.yaml` and `infra/monitoring.yaml`, checked on what SAM makes of them.
//!
//! * `rules`: no lost order, no leaked credential, no unbounded log, no failure without a notification.
//! * `mutations`: each rule is broken on purpose, since a rule that no mutation breaks checks nothing.
//! * `budget`: how long an outage may last.
//! * `documents`: the documents' tables of parameters and alarms, links, and width.
//! * `artifacts`: what is deployed; `dist`: what comes along in the zip.
//! * `workflows`: what CI runs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test a failed expectation is the message"
)]

mod artifacts;
mod budget;
mod dist;
mod documents;
mod mutations;
mod rules;
mod workflows;

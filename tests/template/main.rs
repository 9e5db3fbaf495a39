//! What `template.yaml` and `infra/monitoring.yaml` promise, read from what SAM makes of them.
//!
//! * `rules`: what keeps an order from being lost, a credential from leaking, a log from growing, and a person from not
//!   being told.
//! * `mutations`: each rule, broken on purpose: a rule that nothing can break says nothing.
//! * `budget`: how long an outage may last.
//! * `documents`: the documents' tables of parameters and alarms, links, and width.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test a failed expectation is the message"
)]

mod budget;
mod documents;
mod mutations;
mod rules;

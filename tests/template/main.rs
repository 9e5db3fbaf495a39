//! What `template.yaml` promises, read from what SAM makes of it.
//!
//! * `budget`: how long an outage may last.
//! * `invariants`: the rules that keep an order from being lost, a credential from leaking, a log from growing.
//! * `readme`: what the README says of the parameters.
//! * `translated`: the template as CloudFormation sees it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test a failed expectation is the message"
)]

mod budget;
mod invariants;
mod readme;
mod translated;

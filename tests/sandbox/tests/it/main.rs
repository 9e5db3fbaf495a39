//! The sandbox over real HTTP: every endpoint and every fault, with exact statuses and bodies.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed expectation is the message, also in what the tests share"
)]

mod caller;
mod connections;
mod control;
mod customers;
mod faults;
mod orders;
mod program;
mod source;
mod token;

//! The sandbox over real HTTP: every endpoint and every fault, with exact statuses and bodies.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failed expectation is the message, also in what the tests share"
)]

mod alterations;
mod caller;
mod connections;
mod control;
mod customers;
mod echo;
mod faults;
mod keep_alive;
mod order_rules;
mod orders;
mod pages;
mod program;
mod raw;
mod rules;
mod source;
mod styles;
mod token;
mod under_way;

//! The functions in this process: real HTTP to the sandbox, AWS in memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test a failed expectation is the message"
)]

mod adapting;
mod adapting_guide;
mod api_key;
mod arbitrary;
mod aws_calls;
mod backfill;
mod bad_day;
mod connections;
mod credentials;
mod documents;
mod echoes;
mod examples;
mod faults;
mod fetch_customers;
mod log_settings;
mod logs;
mod metrics;
mod odd_answers;
mod one_order_per;
mod preflight;
mod redrive_orders;
mod submit_orders;

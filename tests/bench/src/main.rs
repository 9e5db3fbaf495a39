//! Measures the functions' release binaries from outside, as child processes that find all of AWS and both APIs
//! on loopback. What is measured is the kernel's account of the child: its CPU time and its peak memory.
//!
//! | what | where |
//! | --- | --- |
//! | `bench fetch`: fetch-customers, by the number of customers | [`fetch`] |
//! | a function as a child process, and the Lambda Runtime API that it talks to | [`function`] |
//! | Secrets Manager and SQS, as far as the functions call them | [`aws`] |
#![allow(
    clippy::print_stdout,
    reason = "what it prints is for a person, and is all that it prints"
)]

mod aws;
mod fetch;
mod function;

use std::error::Error;

use clap::Parser;

/// Measures the release binaries, which must have been built before.
#[derive(Parser)]
enum Command {
    /// fetch-customers: CPU time and peak memory by the number of customers
    Fetch(fetch::Options),
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    match Command::parse() {
        Command::Fetch(options) => fetch::run(&options).await,
    }
}

//! Shared by the tests: AWS in memory ([`aws`], [`sqs`]) and its CloudWatch ([`emf`]); the functions in this process
//! between it and a sandbox ([`bridge`]); `submit-orders` in a simulated world with faults by seed ([`simulation`]), where
//! the destination is in memory too ([`destination`]); readers of the templates ([`template`]), the documents
//! ([`documents`]) and the runbook ([`runbook`]).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::missing_errors_doc,
    clippy::wildcard_enum_match_arm,
    reason = "in a test a failed expectation is the message"
)]

pub mod aws;
pub mod bridge;
pub mod canaries;
pub mod destination;
pub mod documents;
pub mod emf;
pub mod runbook;
pub mod simulation;
pub mod sqs;
mod sqs_api;
pub mod template;

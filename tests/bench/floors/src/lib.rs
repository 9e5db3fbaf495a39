//! The benchmark's floors: the least code that does a job right, in the same language, on the same crates, built the
//! same way as the functions. What a function takes beyond its floor is what its checks, logs and metrics cost.
//!
//! A floor takes its input for good: it validates nothing, logs nothing, measures nothing, and gives up at the first
//! surprise.
//!
//! | floor | what it does |
//! | --- | --- |
//! | `floor-empty`, a program of its own | answers; the least cold start there is |
//! | `secret` | the same, after one secret from Secrets Manager |
//! | `submit` | posts the order of each message, with a token |
//! | `cut` | reads the source and cuts it into customers, nothing more |
//! | `send` | the same, and sends each customer to the queue by the AWS SDK |
//!
//! All but the first are the program `floor`, which reads in `FLOOR` which one it is: linking takes most of the time
//! that a floor takes to build.

pub mod cut;
pub mod http;
pub mod order;
pub mod secret;
pub mod send;
pub mod submit;

use lambda_runtime::Error;
use serde::Serialize;

/// The answer to a batch: the messages that failed.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchAnswer {
    /// One for each of them.
    pub batch_item_failures: Vec<Failure>,
}

/// A message that stays on the queue.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// Its `messageId`.
    pub item_identifier: String,
}

/// What became of a run, in the names of the function's own summary.
#[derive(Debug, Serialize)]
pub struct RunAnswer {
    /// How many customers were read.
    pub fetched: u64,
    /// How many of them are on the queue.
    pub enqueued: u64,
}

/// An environment variable.
///
/// # Errors
/// It is not set.
#[expect(
    clippy::disallowed_methods,
    reason = "a floor checks no configuration: the first variable that is missing ends it"
)]
pub fn variable(name: &str) -> Result<String, Error> {
    std::env::var(name).map_err(|error| format!("{name}: {error}").into())
}

//! Looks through the dead-letter queue, and puts dead letters back on the customer queue or discards them.
//!
//! From the outside in:
//!
//! * [`config`]: what the function needs to know.
//! * [`handler`]: one invocation; [`request`] is its input, [`summary`] its answer, with the [`counts`] in it.
//! * [`sweep`]: one way through the queue; [`progress`]: what is held, what is counted, and when it ends; `journal`
//!   has its log lines.
//! * [`dead_letter`]: what a message of the queue says of itself.
//! * [`queues`]: the calls of SQS.

use aws_config::SdkConfig;
use shared::{
    clock::WallClock,
    http::{HttpClient, Tls},
};

pub mod config;
pub mod counts;
pub mod dead_letter;
pub mod handler;
pub mod limits;
mod log_events;
pub mod queues;
pub mod report;
pub mod request;
pub mod sweep;

use config::Config;
use handler::Handler;
use queues::Queues;

/// How many dead letters are held at a time. SQS hides about 120,000 of a queue (Amazon SQS Developer Guide,
/// "Standard queue quotas"). A receipt handle is kept of each, a few hundred bytes: a fifth of the function's memory.
const MAX_HELD: usize = 100_000;

impl Handler {
    /// Puts the function together.
    #[must_use]
    pub fn new(config: Config, aws: &SdkConfig, wall_clock: WallClock) -> Self {
        let sqs = aws_sdk_sqs::Client::new(aws);
        Self {
            queues: Queues::new(sqs, config.dead_letter_queue_url, config.queue_url),
            max_held: MAX_HELD,
            wall_clock,
        }
    }

    /// Sets the function up as Lambda runs it, configuration from the environment.
    ///
    /// # Errors
    /// The configuration is wrong; or the system has no root certificates.
    pub async fn from_environment() -> Result<Self, lambda_runtime::Error> {
        let config = Config::read(&shared::config::environment)?;
        let http = HttpClient::new(&Tls::from_system()?, |builder| builder)?;
        let aws = shared::aws::load(http).await;
        Ok(Self::new(config, &aws, shared::clock::system()))
    }
}

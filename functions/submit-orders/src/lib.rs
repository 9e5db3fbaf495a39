//! Makes an order of each customer on the queue and posts it to the destination API.
//!
//! From the outside in:
//!
//! * [`config`]: what the function needs to know.
//! * [`handler`]: one invocation, a batch of messages, as the [`event`] has them; [`books`] tell what became of them,
//!   in the log and as metrics, and `journal` has the log lines about one.
//! * [`submission`]: one message becomes one [`verdict`].
//! * [`order`]: a customer becomes an order: every rule of the transformation.
//! * [`destination`], [`token`]: the POST, and the access token that it needs; [`transport`] carries both,
//!   [`problem`] reads what an API says of a problem.
//! * [`halt`], [`backoff`]: when to stop calling, and how long a message waits.
//! * [`dead_letter`], [`visibility`]: the two queues that the verdict is carried out on.
//! * [`meter`]: what all of these measure.

use std::{io, sync::Arc};

use aws_config::SdkConfig;
use shared::{
    clock::WallClock,
    http::{HttpClient, Tls},
    lambda::metrics::Metrics,
};

pub mod config;
pub mod dead_letter;
pub mod destination;
pub mod handler;
pub mod meter;
pub mod submission;
pub mod verdict;
pub mod visibility;

use config::Config;
use dead_letter::DeadLetterQueue;
use destination::OrderApi;
use destination::oauth::Tokens;
use destination::transport::Transport;
use handler::Handler;
use meter::Meter;
use submission::Submission;
use visibility::CustomerQueue;

impl Handler {
    /// Puts the function together: its rules around the world that it lives in. `metrics_to` gets its metrics.
    pub fn new(
        config: Config,
        aws: &SdkConfig,
        transport: Arc<dyn Transport>,
        wall_clock: WallClock,
        metrics_to: impl io::Write + Send + 'static,
    ) -> Self {
        let meter = Arc::new(Meter::default());
        let secrets = aws_sdk_secretsmanager::Client::new(aws);
        let sqs = aws_sdk_sqs::Client::new(aws);
        let tokens = Tokens::new(
            config.token,
            secrets,
            Arc::clone(&transport),
            Arc::clone(&wall_clock),
            Arc::clone(&meter),
        );
        let destination = OrderApi::new(
            config.destination_url,
            config.idempotency_key_header,
            tokens,
            transport,
            Arc::clone(&wall_clock),
            Arc::clone(&meter),
        );
        Self {
            submission: Submission::new(destination, config.order_interval),
            queue: CustomerQueue::new(sqs.clone(), config.queue_url),
            queue_retention: config.queue_retention,
            dead_letters: DeadLetterQueue::new(sqs, config.dead_letter_queue_url),
            max_in_flight: config.max_in_flight,
            wall_clock,
            meter,
            metrics: Metrics::new(config.metrics, metrics_to),
        }
    }

    /// Sets the function up as Lambda runs it: configuration from the environment, the real network and
    /// clock.
    ///
    /// # Errors
    /// The configuration is wrong; or the system has no root certificates.
    pub async fn from_environment() -> Result<Self, lambda_runtime::Error> {
        let config = Config::read(&shared::config::environment)?;
        let http = HttpClient::new(&Tls::from_system()?, |builder| builder)?;
        Ok(Self::new(
            config,
            &shared::aws::load(http.clone()).await,
            Arc::new(http),
            shared::clock::system(),
            io::stdout(),
        ))
    }
}

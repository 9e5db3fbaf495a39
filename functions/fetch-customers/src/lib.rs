//! Reads every customer of the source API and puts each on the queue, verbatim.
//!
//! From the outside in:
//!
//! * [`config`]: what the function needs to know.
//! * [`handler`]: one run; [`run`] is its input and its summary, and [`books`] tell that in the log and as metrics.
//! * [`continuation`]: what does not end in time goes on in another invocation.
//! * [`source`]: pages become customers, one after the other; [`page`] reads one, [`split`] cuts it into its
//!   elements, [`link`] finds the next one, [`retry`] decides about failures.
//! * [`sending`]: customers become messages, in batches; [`queue`] sends one batch.
//! * [`seen`]: what came before, in bounded memory.

use std::{io, sync::Arc, time::Duration};

use aws_config::SdkConfig;
use reqwest::Client;
use shared::{clock::WallClock, lambda::metrics::Metrics};

pub mod config;
pub mod continuation;
pub mod handler;
pub mod queue;
pub mod run;
pub mod sender;
pub mod source;
pub mod stats;

use config::Config;
use handler::Handler;
use queue::CustomerQueue;
use source::SourceApi;

/// How long the source may be silent, in the middle of an answer too. Many APIs close an idle connection after
/// a minute; a page that takes longer to begin is taken for lost.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// The client that the function calls the source and AWS with.
///
/// # Errors
/// The system has no root certificates.
pub fn http_client() -> Result<Client, reqwest::Error> {
    shared::http::client().read_timeout(READ_TIMEOUT).build()
}

impl Handler {
    /// Puts the function together. `metrics_to` gets its metrics.
    #[must_use]
    pub fn new(
        config: Config,
        aws: &SdkConfig,
        http: Client,
        wall_clock: WallClock,
        metrics_to: impl io::Write + Send + 'static,
    ) -> Self {
        Self {
            source: SourceApi {
                http,
                url: config.source_url,
                api_key_header: config.api_key_header,
                secrets: aws_sdk_secretsmanager::Client::new(aws),
                secret_arn: config.source_secret_arn,
                wall_clock,
            },
            queue: Arc::new(CustomerQueue::new(
                aws_sdk_sqs::Client::new(aws),
                config.queue_url,
            )),
            lambda: aws_sdk_lambda::Client::new(aws),
            metrics: Metrics::new(config.metrics, metrics_to),
        }
    }

    /// Sets the function up as Lambda runs it, configuration from the environment.
    ///
    /// # Errors
    /// The configuration is wrong; or the system has no root certificates.
    pub async fn from_environment() -> Result<Self, lambda_runtime::Error> {
        let config = Config::read(&shared::config::environment)?;
        let http = http_client()?;
        let aws = shared::aws::load(http.clone()).await;
        Ok(Self::new(
            config,
            &aws,
            http,
            shared::clock::system(),
            io::stdout(),
        ))
    }
}

//! One invocation: reads a request, carries it out, and answers with a summary.

use aws_config::SdkConfig;
use lambda_runtime::Diagnostic;
use serde_json::value::RawValue;
use shared::{
    clock::{WallClock, millis},
    domain::order_id::OneOrderPer,
    http::{HttpClient, Tls},
    lambda::{
        invocation::{Invocation, diagnostic},
        logging,
    },
};
use tokio::time::Instant;

use crate::{
    config::Config,
    limits::Limits,
    log_events::log_ended,
    queues::{QueueError, Queues},
    report::Summary,
    request::{InvalidRequest, Request},
    sweep::Sweep,
};

/// How many dead letters are held at a time. SQS hides about 120,000 of a queue (Amazon SQS Developer Guide,
/// "Standard queue quotas"). A receipt handle is kept of each, a few hundred bytes: a fifth of the function's memory.
const MAX_HELD: usize = 100_000;

pub struct Handler {
    queues: Queues,
    one_order_per: OneOrderPer,
    /// How many dead letters are held at a time, hidden from others.
    pub max_held: usize,
    wall_clock: WallClock,
}

#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// The input is not a request. Nothing was done.
    #[error(transparent)]
    Input(#[from] InvalidRequest),
    /// A call failed. A dead letter that was not redriven or discarded by then is unchanged.
    #[error(
        "the {} ended early: {cause}. {} dead letters were examined, {} redriven, {} discarded; the others are unchanged. Fix \
         the cause, and invoke redrive-orders again{}",
        .summary.action.as_str(), .summary.examined, .summary.redriven, .summary.discarded, notes(.summary)
    )]
    EndedEarly {
        /// What was done until then.
        summary: Box<Summary>,
        #[source]
        cause: QueueError,
    },
}

fn notes(summary: &Summary) -> String {
    let notes = summary.notes.iter();
    notes.map(|note| format!(". Note: {note}")).collect()
}

impl From<HandlerError> for Diagnostic {
    fn from(error: HandlerError) -> Self {
        let error_type = match error {
            HandlerError::Input(_) => "InvalidRequest",
            HandlerError::EndedEarly { .. } => "RedriveEndedEarly",
        };
        diagnostic(error_type, &error)
    }
}

impl Handler {
    pub fn new(config: Config, aws: &SdkConfig, wall_clock: WallClock) -> Self {
        let client = aws_sdk_sqs::Client::new(aws);
        Self {
            queues: Queues::new(client, config.dead_letter_queue_url, config.queue_url),
            one_order_per: config.one_order_per,
            max_held: MAX_HELD,
            wall_clock,
        }
    }

    /// Sets the function up as Lambda runs it: configuration from the environment, which says what is logged too.
    ///
    /// # Errors
    /// The configuration is invalid, or the system has no root certificates.
    pub async fn from_environment() -> Result<Self, lambda_runtime::Error> {
        let config = Config::read(&shared::config::environment);
        logging::init(config.as_ref().is_ok_and(|config| config.log_customer_ids));
        let config = config?;
        let http = HttpClient::new(&Tls::from_system()?, |builder| builder)?;
        let aws = shared::aws::load(http).await;
        Ok(Self::new(config, &aws, shared::clock::system()))
    }

    /// Carries out the request `input`.
    ///
    /// # Errors
    /// [`HandlerError`]. Repeating the request is harmless.
    pub async fn handle(
        &self,
        input: &RawValue,
        invocation: Invocation<'_>,
    ) -> Result<Summary, HandlerError> {
        let request = Request::parse(input)?;
        let started = Instant::now();
        let limits = Limits::new(invocation.deadline, (self.wall_clock)(), self.max_held);
        let outcome = Sweep::new(&self.queues, &request, self.one_order_per, limits)
            .run()
            .await;
        let is_complete = outcome.stop.is_none() && outcome.failure.is_none();
        let elapsed_ms = millis(started.elapsed());
        let summary = Summary::new(&request, &outcome.counts, outcome.stop, is_complete, elapsed_ms);
        log_ended(&summary, outcome.failure.as_ref(), invocation);
        match outcome.failure {
            None => Ok(summary),
            Some(cause) => Err(HandlerError::EndedEarly {
                summary: Box::new(summary),
                cause,
            }),
        }
    }
}

//! One invocation: a run, or a part of one, or a preflight check.

pub mod preflight;

use std::{collections::HashSet, io, sync::Arc, time::Duration};

use aws_config::SdkConfig;
use aws_sdk_lambda::Client as Lambda;
use memchr::memchr;
use serde_json::value::RawValue;
use shared::{
    clock::{WallClock, millis},
    domain::{customer_id::CustomerId, message::Message},
    duplicate_filter::DuplicateFilter,
    http::{HttpClient, Tls},
    lambda::{
        invocation::{Invocation, reserve},
        logging,
        metrics::Metrics,
    },
    mapping::customer::read_customer_id,
    sqs::Queue,
};
use tokio::time::Instant;

use crate::{
    config::Config,
    continuation::continue_run,
    dead_letters::{DeadLetters, UnusableCustomer},
    dry_run::Findings,
    error::{HandlerError, RunError},
    log_events,
    malformed::{Place, Unusable},
    run::{Progress, Remainder, Run, Summary},
    sender::{
        BatchSender, CALLS_IN_FLIGHT, DEAD_LETTER_CALLS_IN_FLIGHT,
        message::{Entry, MAX_BODY_BYTES, RunContext},
    },
    source::{
        api::{READ_TIMEOUT, SourceApi},
        customers::Next,
    },
    stats,
};

/// How much of the function's time is reserved for the end of a run: what was read is still enqueued then, and a call of
/// the SDK takes up to [`shared::aws::OPERATION_TIMEOUT`].
const RESERVE: Duration = Duration::from_secs(20);

/// The function with its clients.
pub struct Handler {
    source: SourceApi,
    customer_queue: Queue,
    dead_letter_queue: Queue,
    /// Invokes this function, for the rest of a run.
    lambda: Lambda,
    metrics: Metrics,
}

/// The client that calls the source.
///
/// # Errors
/// reqwest cannot be set up.
pub fn http_client(tls: &Tls) -> Result<HttpClient, reqwest::Error> {
    HttpClient::new(tls, |builder| {
        builder
            .read_timeout(READ_TIMEOUT)
            // For `execute_with_every_line`.
            .http1_ignore_invalid_headers_in_responses(false)
    })
}

impl Handler {
    /// Metrics are written to `metrics_to`.
    #[must_use]
    pub fn new(
        config: Config,
        aws: &SdkConfig,
        http: HttpClient,
        wall_clock: WallClock,
        metrics_to: impl io::Write + Send + 'static,
    ) -> Self {
        let sqs = aws_sdk_sqs::Client::new(aws);
        Self {
            source: SourceApi {
                http,
                url: config.source_url,
                paging: config.paging,
                api_key_header: config.api_key_header,
                secrets: aws_sdk_secretsmanager::Client::new(aws),
                secret_arn: config.source_secret_arn,
                wall_clock,
                max_customer_bytes: MAX_BODY_BYTES,
            },
            customer_queue: Queue {
                client: sqs.clone(),
                url: config.queue_url,
            },
            dead_letter_queue: Queue {
                client: sqs,
                url: config.dead_letter_queue_url,
            },
            lambda: Lambda::new(aws),
            metrics: Metrics::new(config.metrics, metrics_to),
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
        let tls = Tls::from_system()?;
        let aws = shared::aws::load(HttpClient::new(&tls, |builder| builder)?).await;
        Ok(Self::new(
            config,
            &aws,
            http_client(&tls)?,
            shared::clock::system(),
            io::stdout(),
        ))
    }

    /// Does a run, or the part of it that there is time for.
    ///
    /// # Errors
    /// [`HandlerError`]: the invocation fails, so that Lambda retries it if it is asynchronous.
    pub async fn handle(
        &self,
        input: &RawValue,
        invocation: Invocation<'_>,
    ) -> Result<Summary, HandlerError> {
        let run = Run::parse(input)?;
        let started = Instant::now();
        let before = run.progress();
        let mut progress = before.clone();
        let mut findings = run.findings();
        log_events::run_started(&run);
        let read = self.read(&run, invocation, &mut progress, &mut findings).await;
        progress.elapsed_ms += millis(started.elapsed());
        let (continued, ended) = match read {
            Ok(None) => (false, Ok(())),
            Ok(Some(remainder)) => {
                let function = invocation.function;
                let found = findings.as_ref();
                let continued =
                    continue_run(&self.lambda, function, &run, &remainder, &progress, found).await;
                (continued.is_ok(), continued.map_err(RunError::Continuation))
            }
            Err(error) => (false, Err(error)),
        };
        let summary = Summary {
            order_date: run.order_date,
            progress,
            findings,
            dry_run: run.dry_run,
            continued,
        };
        log_events::run_ended(&summary, ended.as_ref().err(), invocation);
        stats::publish(&run, &before, &summary, ended.is_ok(), invocation, &self.metrics);
        match ended {
            Ok(()) => Ok(summary),
            Err(cause) => Err(HandlerError::EndedEarly {
                summary: Box::new(summary),
                cause,
            }),
        }
    }

    /// Reads the source, and enqueues what was read.
    ///
    /// # Returns
    /// What another invocation has to read.
    async fn read(
        &self,
        run: &Run,
        invocation: Invocation<'_>,
        progress: &mut Progress,
        findings: &mut Option<Findings>,
    ) -> Result<Option<Remainder>, RunError> {
        let read_deadline = invocation.deadline - reserve(invocation.deadline, RESERVE);
        let mut customers = self.source.customers(run, progress.pages, read_deadline).await?;
        let context = RunContext {
            order_date: run.order_date,
            trace_header: invocation.trace_header.map(Arc::from),
        };
        let queue = self.dead_letter_queue.clone();
        let dead_letters = BatchSender::new(queue, context.clone(), DEAD_LETTER_CALLS_IN_FLIGHT);
        let mut dead_letters = DeadLetters::new(run, dead_letters);
        let mut sender = BatchSender::new(self.customer_queue.clone(), context, CALLS_IN_FLIGHT);
        let mut limit = run.limit;
        let mut known = DuplicateFilter::default();
        // What was read before an error is still enqueued: a repeated run has less to do then.
        let read = loop {
            if limit == Some(0) {
                // What the rest of the source holds is not known.
                progress.missing_customer_ids = None;
                break Ok(None);
            }
            if sender.has_failed() || dead_letters.has_failed() {
                break Ok(None);
            }
            let next = customers.next().await;
            progress.pages = customers.pages();
            let (page, index) = (progress.pages, progress.fetched);
            let place = |byte| Place { page, index, byte };
            let customer = match next {
                Ok(Next::Customer(customer)) => customer,
                Ok(Next::TooLarge(element)) => {
                    progress.fetched += 1;
                    let customer = UnusableCustomer {
                        id: None,
                        text: &element.beginning,
                        why: Unusable::TooLarge { bytes: element.bytes },
                        place: place(element.at),
                    };
                    dead_letters.push(customer, progress).await;
                    continue;
                }
                Ok(Next::Malformed(element)) => {
                    progress.fetched += 1;
                    let customer = UnusableCustomer {
                        id: None,
                        text: &element.text,
                        why: Unusable::NotJson,
                        place: place(element.at),
                    };
                    dead_letters.push(customer, progress).await;
                    continue;
                }
                Ok(Next::Continue(page_url)) => break Ok(Some(Remainder { page_url, limit })),
                Ok(Next::End) => break Ok(None),
                Err(error) => break Err(error),
            };
            progress.fetched += 1;
            let customer_id = read_customer_id(&customer);
            if !is_requested(run, customer_id.as_ref()) {
                progress.skipped += 1;
                continue;
            }
            if let Some(id) = &customer_id {
                progress.repeated += u64::from(!known.insert(id));
                if let Some(missing) = &mut progress.missing_customer_ids {
                    missing.remove(id.as_str());
                }
            }
            let body = body(run, &customer);
            if body.len() > MAX_BODY_BYTES {
                let text = customer.get().as_bytes();
                let bytes = text.len() as u64;
                let customer = UnusableCustomer {
                    id: customer_id,
                    text,
                    why: Unusable::TooLarge { bytes },
                    place: place(customers.position() - bytes),
                };
                dead_letters.push(customer, progress).await;
                continue;
            }
            limit = limit.map(|limit| limit - 1);
            if let Some(findings) = findings {
                findings.check(index, &customer);
                progress.enqueued += 1;
                continue;
            }
            let entry = Entry {
                index,
                customer_id,
                body,
                rejection: None,
            };
            sender.push(entry).await;
        };
        let (sent, dead_lettered) = tokio::join!(sender.finish(), dead_letters.finish());
        progress.enqueued += sent.sent;
        progress.rejected += sent.rejected + dead_lettered.sent;
        let remainder = read?;
        match sent.failure.or(dead_lettered.failure) {
            None => Ok(remainder),
            Some(failure) => Err(failure.into()),
        }
    }
}

fn is_requested(run: &Run, customer_id: Option<&CustomerId>) -> bool {
    let requested = run.customer_ids.as_ref();
    requested.is_none_or(|ids: &HashSet<_>| customer_id.is_some_and(|id| ids.contains(id)))
}

/// The message's body. SQS refuses U+FFFE and U+FFFF, which JSON allows: as escapes they are the same value.
fn body(run: &Run, customer: &RawValue) -> String {
    let message = Message {
        order_date: run.order_date,
        customer,
    };
    let body = message.to_body();
    // Few bodies have the byte that both begin with: the search for it costs next to nothing.
    if memchr(0xef, body.as_bytes()).is_some() && body.contains(['\u{fffe}', '\u{ffff}']) {
        return body.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff");
    }
    body
}

//! One run, and the books that are kept of it.

use std::{collections::HashSet, sync::Arc, time::Duration};

use aws_sdk_lambda::Client as Lambda;
use lambda_runtime::Diagnostic;
use memchr::memchr;
use serde_json::value::RawValue;
use shared::{
    domain::customer_id::CustomerId,
    domain::message::Message,
    duplicate_filter::DuplicateFilter,
    lambda::invocation::{Invocation, diagnostic},
    lambda::metrics::Metrics,
    mapping::customer::read_customer_id,
};
use tokio::time::Instant;

use crate::{
    continuation::{ContinuationError, continue_run},
    queue::{BODY_BYTES, CustomerQueue, Entry, QueueError, RunContext},
    run::{InvalidRunInput, Remainder, Run, Summary},
    sender::BatchSender,
    source::{Next, SourceApi, SourceError},
    stats::{log, publish},
};

/// How much of the function's time is kept for the end of a run, at most: what was read is still put on the
/// queue then, and a call of the SDK takes up to [`shared::aws::OPERATION_TIMEOUT`].
const RESERVE: Duration = Duration::from_secs(20);

/// How much of its time is kept in a function that has less of it: a fifth.
const RESERVED_SHARE: u32 = 5;

/// The function, set up.
pub struct Handler {
    /// Where the customers are read.
    pub source: SourceApi,
    /// Where they are put.
    pub queue: Arc<CustomerQueue>,
    /// Where the function invokes itself.
    pub lambda: Lambda,
    /// Where the books are told.
    pub metrics: Metrics,
}

/// The run did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// The input is no run. Nothing was done.
    #[error(transparent)]
    Input(#[from] InvalidRunInput),
    /// It ended on the way.
    #[error(
        "the run of {} ended early, with {} customers enqueued: {why}. Run it again with the same order_date: no \
         order is made twice",
        .books.order_date, .books.enqueued
    )]
    EndedEarly {
        /// As far as it came.
        books: Box<Summary>,
        /// Why no further.
        #[source]
        why: RunError,
    },
}

/// Why a run ended early.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The source cannot be read to the end.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The queue does not take messages.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// There is more to read, and nobody who does.
    #[error(transparent)]
    Continuation(#[from] ContinuationError),
}

impl From<HandlerError> for Diagnostic {
    fn from(error: HandlerError) -> Self {
        let error_type = match error {
            HandlerError::Input(_) => "InvalidRunInput",
            HandlerError::EndedEarly { .. } => "RunEndedEarly",
        };
        diagnostic(error_type, &error)
    }
}

impl Handler {
    /// Does a run.
    ///
    /// # Errors
    /// [`HandlerError`]: the function fails, so that Lambda repeats an asynchronous invocation.
    pub async fn handle(
        &self,
        input: &RawValue,
        invocation: Invocation<'_>,
    ) -> Result<Summary, HandlerError> {
        let run = Run::parse(input)?;
        let began = Instant::now();
        let before = Summary::at_the_start_of(&run);
        let mut books = before.clone();
        tracing::debug!(
            order_date = %run.order_date,
            customer_ids = run.customer_ids.as_ref().map(HashSet::len),
            limit = run.limit,
            dry_run = run.dry_run,
            invocations = run.totals.invocations,
            "run begins"
        );
        let read = self.read(&run, invocation, &mut books).await;
        books.elapsed_ms += u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let ended = match read {
            Ok(None) => Ok(()),
            Ok(Some(rest)) => {
                let handed_on = continue_run(&self.lambda, invocation.function, &run, &rest, &books).await;
                books.continued = handed_on.is_ok();
                handed_on.map_err(RunError::Continuation)
            }
            Err(why) => Err(why),
        };
        let is_completed = ended.is_ok() && !books.continued;
        log(&books, ended.as_ref().err(), invocation);
        publish(&run, &before, &books, is_completed, invocation, &self.metrics);
        match ended {
            Ok(()) => Ok(books),
            Err(why) => Err(HandlerError::EndedEarly {
                books: Box::new(books),
                why,
            }),
        }
    }

    /// Reads the source, and puts on the queue what was read.
    ///
    /// # Returns
    /// What another invocation is to read.
    async fn read(
        &self,
        run: &Run,
        invocation: Invocation<'_>,
        books: &mut Summary,
    ) -> Result<Option<Remainder>, RunError> {
        let mut customers = self
            .source
            .customers(run, books.pages, read_until(invocation.deadline))
            .await?;
        let origin = RunContext {
            order_date: run.order_date,
            trace_header: invocation.trace_header.map(Arc::from),
        };
        let mut sending = BatchSender::new(self.queue.clone(), origin);
        let mut limit = run.limit;
        let mut seen = DuplicateFilter::default();
        // What was read before an error is still put on the queue: a repeat then has less to do.
        let read = loop {
            if limit == Some(0) {
                // Who knows what the rest of the source holds.
                books.missing_customer_ids = None;
                break Ok(None);
            }
            if sending.has_failed() {
                break Ok(None);
            }
            let next = customers.next().await;
            books.pages = customers.pages();
            let index = books.fetched;
            let customer = match next {
                Ok(Next::Customer(customer)) => customer,
                Ok(Next::TooLarge) => {
                    log_too_large(run, index, None, None);
                    books.fetched += 1;
                    books.rejected += 1;
                    continue;
                }
                Ok(Next::Continue(page_url)) => break Ok(Some(Remainder { page_url, limit })),
                Ok(Next::End) => break Ok(None),
                Err(error) => break Err(error),
            };
            books.fetched += 1;
            let customer_id = read_customer_id(&customer);
            if !is_asked_for(run, customer_id.as_ref()) {
                books.skipped += 1;
                continue;
            }
            if let Some(id) = &customer_id {
                books.repeated += u64::from(!seen.insert(id));
                if let Some(missing) = &mut books.missing_customer_ids {
                    missing.remove(id.as_str());
                }
            }
            let body = body(run, &customer);
            if body.len() > BODY_BYTES {
                log_too_large(run, index, customer_id.as_ref(), Some(body.len()));
                books.rejected += 1;
                continue;
            }
            limit = limit.map(|limit| limit - 1);
            if run.dry_run {
                books.enqueued += 1;
                continue;
            }
            let entry = Entry {
                index,
                customer_id,
                body,
            };
            sending.put(entry).await;
        };
        let sent = sending.finish().await;
        books.enqueued += sent.enqueued;
        books.rejected += sent.rejected;
        let rest = read?;
        match sent.failure {
            None => Ok(rest),
            Some(failure) => Err(failure.into()),
        }
    }
}

/// Until when the source is read.
fn read_until(deadline: Instant) -> Instant {
    let left = deadline.saturating_duration_since(Instant::now());
    deadline - RESERVE.min(left / RESERVED_SHARE)
}

fn is_asked_for(run: &Run, customer_id: Option<&CustomerId>) -> bool {
    match (&run.customer_ids, customer_id) {
        (None, _) => true,
        (Some(ids), Some(id)) => ids.contains(id),
        (Some(_), None) => false,
    }
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

/// A customer that is so large that it was passed over has neither an id nor a length.
fn log_too_large(run: &Run, index: u64, customer_id: Option<&CustomerId>, bytes: Option<usize>) {
    tracing::error!(
        order_date = %run.order_date,
        index,
        customer_id = customer_id.map(tracing::field::display),
        reason = "too_large",
        bytes,
        most = BODY_BYTES,
        "a customer does not fit into a message"
    );
}

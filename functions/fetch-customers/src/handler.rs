//! One run, and the books that are kept of it.

use std::{sync::Arc, time::Duration};

use aws_sdk_lambda::Client as Lambda;
use serde_json::value::RawValue;
use shared::{customer_id::CustomerId, message::Message};
use tokio::time::Instant;

use crate::{
    continuation::{ContinuationError, hand_on},
    queue::{BODY_BYTES, CustomerQueue, Entry, QueueError},
    run::{NotARun, Rest, Run, Summary},
    seen::Seen,
    sending::Sending,
    source::{Next, SourceApi, SourceError},
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
}

/// What Lambda tells about an invocation.
#[derive(Debug, Clone, Copy)]
pub struct Invocation<'a> {
    /// When it is ended.
    pub deadline: Instant,
    /// The X-Ray header that the messages carry on.
    pub trace_header: Option<&'a str>,
    /// The function that was invoked: its ARN, with the alias or version that was asked for.
    pub function: &'a str,
}

impl Invocation<'_> {
    /// Until when the source is read.
    fn read_until(&self) -> Instant {
        let left = self.deadline.saturating_duration_since(Instant::now());
        self.deadline - RESERVE.min(left / RESERVED_SHARE)
    }
}

/// The run did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// The input is no run. Nothing was done.
    #[error(transparent)]
    Input(#[from] NotARun),
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
        let mut books = Summary::at_the_start_of(&run);
        let read = self.read(&run, invocation, &mut books).await;
        books.elapsed_ms += u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let ended = match read {
            Ok(None) => Ok(()),
            Ok(Some(rest)) => {
                let handed_on = hand_on(&self.lambda, invocation.function, &run, &rest, &books).await;
                books.continued = handed_on.is_ok();
                handed_on.map_err(RunError::Continuation)
            }
            Err(why) => Err(why),
        };
        match ended {
            Ok(()) => {
                log(&books, None);
                Ok(books)
            }
            Err(why) => {
                log(&books, Some(&why));
                Err(HandlerError::EndedEarly {
                    books: Box::new(books),
                    why,
                })
            }
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
    ) -> Result<Option<Rest>, RunError> {
        let mut customers = self
            .source
            .customers(run.page_url.as_ref(), books.pages, invocation.read_until())
            .await?;
        let mut sending = Sending::new(self.queue.clone(), invocation.trace_header);
        let mut limit = run.limit;
        let mut seen = Seen::default();
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
                    log_too_large(index, None, None);
                    books.fetched += 1;
                    books.rejected += 1;
                    continue;
                }
                Ok(Next::Later(page_url)) => break Ok(Some(Rest { page_url, limit })),
                Ok(Next::End) => break Ok(None),
                Err(error) => break Err(error),
            };
            books.fetched += 1;
            let customer_id = CustomerId::of(&customer);
            if !is_asked_for(run, customer_id.as_ref()) {
                books.skipped += 1;
                continue;
            }
            if let Some(id) = &customer_id {
                books.repeated += u64::from(seen.before(id));
                if let Some(missing) = &mut books.missing_customer_ids {
                    missing.remove(id.as_str());
                }
            }
            let body = body(run, &customer);
            if body.len() > BODY_BYTES {
                log_too_large(index, customer_id.as_ref(), Some(body.len()));
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

fn is_asked_for(run: &Run, customer_id: Option<&CustomerId>) -> bool {
    match (&run.customer_ids, customer_id) {
        (None, _) => true,
        (Some(ids), Some(id)) => ids.contains(id),
        (Some(_), None) => false,
    }
}

/// The message's body. SQS refuses U+FFFE and U+FFFF, which JSON allows: as escapes they are the same value.
fn body(run: &Run, customer: &RawValue) -> String {
    // An order date and JSON as it stands: writing them cannot fail.
    let body = serde_json::to_string(&Message {
        order_date: run.order_date,
        customer,
    })
    .unwrap_or_default();
    if body.contains(['\u{fffe}', '\u{ffff}']) {
        return body.replace('\u{fffe}', "\\ufffe").replace('\u{ffff}', "\\uffff");
    }
    body
}

/// A customer that is so large that it was passed over has neither an id nor a length.
fn log_too_large(index: u64, customer_id: Option<&CustomerId>, bytes: Option<usize>) {
    tracing::error!(
        index,
        customer_id = customer_id.map(tracing::field::display),
        reason = "too_large",
        bytes,
        most = BODY_BYTES,
        "a customer does not fit into a message"
    );
}

fn log(books: &Summary, why: Option<&RunError>) {
    macro_rules! line {
        ($level:ident, $message:literal) => {
            tracing::$level!(
                order_date = %books.order_date,
                pages = books.pages,
                fetched = books.fetched,
                enqueued = books.enqueued,
                skipped = books.skipped,
                rejected = books.rejected,
                repeated = books.repeated,
                dry_run = books.dry_run,
                elapsed_ms = books.elapsed_ms,
                reason = why.map(tracing::field::display),
                $message
            )
        };
    }
    if why.is_some() {
        line!(error, "run ended early")
    } else if books.continued {
        line!(info, "run goes on in another invocation")
    } else {
        line!(info, "run completed")
    }
}

//! One run, and the books that are kept of it.

use aws_sdk_secretsmanager::Client as SecretsManager;
use serde_json::value::RawValue;
use shared::{
    customer_id::CustomerId,
    message::Message,
    secret::{SecretError, read_secret},
};
use tokio::time::Instant;

use crate::{
    queue::{BODY_BYTES, Batch, CustomerQueue, Entry, QueueError},
    run::{NotARun, Run, Summary},
    source::{SourceApi, SourceError},
};

/// The function, set up.
pub struct Handler {
    /// Where the API key is.
    pub secrets: SecretsManager,
    /// The secret with `api_key`.
    pub source_secret_arn: String,
    /// Where the customers are read.
    pub source: SourceApi,
    /// Where they are put.
    pub queue: CustomerQueue,
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
    /// The API key cannot be read.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// The source cannot be read to the end.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The queue does not take messages.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

impl Handler {
    /// Does a run. `trace_header` is the X-Ray header that the messages carry on.
    ///
    /// # Errors
    /// [`HandlerError`]: the function fails, so that Lambda repeats an asynchronous invocation.
    pub async fn handle(
        &self,
        input: &RawValue,
        trace_header: Option<&str>,
    ) -> Result<Summary, HandlerError> {
        let run = Run::parse(input)?;
        let began = Instant::now();
        let mut books = Summary {
            order_date: run.order_date,
            pages: 0,
            fetched: 0,
            enqueued: 0,
            skipped: 0,
            rejected: 0,
            dry_run: run.dry_run,
            elapsed_ms: 0,
        };
        let ended = self.run(&run, trace_header, &mut books).await;
        books.elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
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

    async fn run(&self, run: &Run, trace_header: Option<&str>, books: &mut Summary) -> Result<(), RunError> {
        let [api_key] = read_secret(&self.secrets, &self.source_secret_arn, &["api_key"]).await?;
        let mut customers = self.source.customers(&api_key)?;
        let mut batch = Batch::default();
        let mut chosen = 0;
        // What was read before an error is still put on the queue: a repeat then has less to do.
        let read_to_the_end = loop {
            if run.limit.is_some_and(|limit| chosen >= limit) {
                break Ok(());
            }
            let customer = match customers.next().await {
                Ok(Some(customer)) => customer,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            };
            books.pages = customers.pages();
            let index = books.fetched;
            books.fetched += 1;
            let customer_id = CustomerId::of(&customer);
            if !is_asked_for(run, customer_id.as_ref()) {
                books.skipped += 1;
                continue;
            }
            let entry = Entry {
                index,
                customer_id,
                body: body(run, &customer),
            };
            if entry.body.len() > BODY_BYTES {
                log_too_large(&entry);
                books.rejected += 1;
                continue;
            }
            chosen += 1;
            if run.dry_run {
                books.enqueued += 1;
                continue;
            }
            if !batch.has_room_for(&entry.body) {
                self.send(std::mem::take(&mut batch), trace_header, books).await?;
            }
            batch.push(entry);
        };
        books.pages = customers.pages();
        self.send(batch, trace_header, books).await?;
        Ok(read_to_the_end?)
    }

    async fn send(
        &self,
        batch: Batch,
        trace_header: Option<&str>,
        books: &mut Summary,
    ) -> Result<(), QueueError> {
        let sent = self.queue.send(batch, trace_header).await?;
        books.enqueued += sent.enqueued;
        books.rejected += sent.rejected;
        Ok(())
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

fn log_too_large(entry: &Entry) {
    let customer_id = entry.customer_id.as_ref().map(tracing::field::display);
    tracing::error!(
        index = entry.index,
        customer_id,
        reason = "too_large",
        bytes = entry.body.len(),
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
                dry_run = books.dry_run,
                elapsed_ms = books.elapsed_ms,
                reason = why.map(tracing::field::display),
                $message
            )
        };
    }
    if why.is_some() {
        line!(error, "run ended early")
    } else {
        line!(info, "run completed")
    }
}

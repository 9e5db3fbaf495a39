//! One way through the dead-letter queue.
//!
//! Every dead letter that is received is hidden until the invocation's deadline, so that it is met once, and held
//! until it is deleted. What is held at the end is made visible again, whatever the end was. Where even that fails, or
//! the function is killed, the deadline does it; some seconds after it, where a receive had to be repeated.

use std::cell::RefCell;

use aws_sdk_sqs::types::Message;
use futures::future::join_all;
use shared::{
    lambda::invocation::{ANSWER_MARGIN, minus_margin},
    sqs::batches,
};
use tokio::time::{Instant, timeout_at};

use crate::{
    limits::{Bounds, Progress, Stop},
    log_events::{log_discarded, log_not_discarded, log_redriven},
    queues::{QueueError, Queues, ReceivedLetter},
    report::Books,
    request::{Action, Request},
};

/// How many receives are under way at once, each with what follows from it. A receive brings up to ten messages of
/// up to 1 MiB, so this bounds the memory: with bodies of 1 MB, 71 MiB at peak were measured on the local AWS.
const AT_ONCE: usize = 4;

/// How long receives wait that come after so many empty ones: the queue is believed to be empty only after two
/// that asked all of SQS's servers. The one between does not wait, since only then SQS says that it is at its
/// limit of messages in flight, instead of answering that there is none (Amazon SQS Developer Guide, "Standard
/// queue quotas").
const WAITS_SECS: [i32; 3] = [2, 0, 2];

/// What a sweep came to.
#[derive(Debug)]
pub struct Swept {
    /// What was counted.
    pub books: Books,
    /// Why it did not come to the queue's end; none where it did.
    pub stop: Option<Stop>,
    /// A call that failed, which ended it.
    pub failure: Option<QueueError>,
}

/// A sweep under way.
pub struct Sweep<'a> {
    queues: &'a Queues,
    request: &'a Request,
    bounds: Bounds,
    progress: RefCell<Progress<'a>>,
}

impl<'a> Sweep<'a> {
    /// Nothing is received yet.
    #[must_use]
    pub fn new(queues: &'a Queues, request: &'a Request, bounds: Bounds) -> Self {
        Self {
            queues,
            request,
            bounds,
            progress: RefCell::new(Progress::new(request, bounds)),
        }
    }

    /// Goes through the queue, and leaves it as it should be.
    pub async fn run(self) -> Swept {
        let receives = (0..AT_ONCE).map(|_| self.receive_all());
        let in_time = timeout_at(self.bounds.cut, join_all(receives)).await;
        let mut progress = self.progress.into_inner();
        if in_time.is_err() {
            progress.stop(Stop::Time);
        }
        let Progress {
            mut books,
            held,
            stop,
            failure,
            ..
        } = progress;
        let deadline = self.bounds.deadline;
        let until = minus_margin(deadline, ANSWER_MARGIN);
        books.hidden = self.queues.make_visible(held, until).await;
        Swept { books, stop, failure }
    }

    async fn receive_all(&self) {
        let mut empty = 0;
        while let Some(wait_secs) = WAITS_SECS.get(empty)
            && self.progress.borrow_mut().check_limits()
        {
            let hidden_for = self.bounds.deadline.saturating_duration_since(Instant::now());
            match self.queues.receive(*wait_secs, hidden_for).await {
                Ok(received) if received.is_empty() => empty += 1,
                Ok(received) => {
                    empty = 0;
                    self.settle(received).await;
                }
                Err(QueueError::OverLimit) => self.progress.borrow_mut().stop(Stop::InFlight),
                Err(error @ (QueueError::Receive(_) | QueueError::Put(_) | QueueError::Delete(_))) => {
                    self.progress.borrow_mut().fail(Some(error));
                }
            }
        }
    }

    /// Does all that is to be done with what one receive brought.
    async fn settle(&self, received: Vec<Message>) {
        let matching = self.progress.borrow_mut().take(received);
        if self.request.dry_run {
            return;
        }
        for batch in batches(matching, |received| received.body.len()) {
            if !self.progress.borrow().may_act() {
                return;
            }
            match self.request.action {
                Action::Redrive => self.redrive(batch).await,
                Action::Discard => self.discard(batch).await,
            }
        }
    }

    /// Copies first, and deletes only what SQS confirmed the copy of.
    async fn redrive(&self, batch: Vec<ReceivedLetter>) {
        let result = self.queues.copy(batch).await;
        let copied = result.succeeded;
        log_redriven(&copied);
        {
            let mut progress = self.progress.borrow_mut();
            progress.books.copied += copied.len();
            progress.fail(result.call_error);
        }
        if !copied.is_empty() {
            self.delete(copied).await;
        }
    }

    /// The line that tells of it is written before it is done: nothing is gone without one.
    async fn discard(&self, batch: Vec<ReceivedLetter>) {
        log_discarded(&batch);
        let failed = self.delete(batch).await;
        log_not_discarded(&failed);
    }

    /// # Returns
    /// What SQS did not confirm.
    async fn delete(&self, batch: Vec<ReceivedLetter>) -> Vec<ReceivedLetter> {
        let result = self.queues.delete(batch).await;
        let mut progress = self.progress.borrow_mut();
        progress.forget(&result.succeeded);
        progress.fail(result.call_error);
        result.failed.into_iter().map(|entry| entry.item).collect()
    }
}

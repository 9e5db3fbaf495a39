//! One pass over the dead-letter queue.
//!
//! Each dead letter that is received is hidden until the invocation's deadline, so that it is received once, and held
//! until it is deleted. What is held at the end is made visible again, however the sweep ended. If even that fails, or
//! the function is killed, it becomes visible at the deadline; some seconds later, if a receive had to be repeated.

mod progress;

use std::cell::RefCell;

use aws_sdk_sqs::types::Message;
use futures::future::join_all;
use shared::{
    domain::order_id::OneOrderPer,
    lambda::invocation::{ANSWER_MARGIN, minus_margin},
    sqs::batches,
};
use tokio::time::{Instant, timeout_at};

use crate::{
    dead_letter::ReceivedLetter,
    limits::{Limits, StopReason},
    log_events::{log_copy_failed, log_delete_failed, log_discarded, log_not_discarded, log_redriven},
    queues::{QueueError, Queues},
    report::Counts,
    request::{Action, Request},
};
use progress::Progress;

/// How many receives are in flight at once, each with what follows from it. A receive returns up to ten messages of
/// up to 1 MiB, so this bounds the memory: with bodies of 1 MB, 71 MiB at peak were measured on the local AWS.
const RECEIVES_IN_FLIGHT: usize = 4;

/// How long receives wait, in seconds, that follow this many empty ones. The queue counts as empty only after two
/// that asked all of SQS's servers. The one between does not wait, since only then SQS reports that it is at its
/// limit of messages in flight, instead of answering that there is none (Amazon SQS Developer Guide, "Standard
/// queue quotas").
const WAIT_SECS: [i32; 3] = [2, 0, 2];

#[derive(Debug)]
pub struct SweepOutcome {
    pub counts: Counts,
    /// Why it did not reach the end of the queue; `None` if it did, or failed.
    pub stop: Option<StopReason>,
    /// The call that failed, and ended the sweep.
    pub failure: Option<QueueError>,
}

pub struct Sweep<'a> {
    queues: &'a Queues,
    request: &'a Request,
    limits: Limits,
    progress: RefCell<Progress<'a>>,
}

impl<'a> Sweep<'a> {
    pub fn new(queues: &'a Queues, request: &'a Request, one_order_per: OneOrderPer, limits: Limits) -> Self {
        Self {
            queues,
            request,
            limits,
            progress: RefCell::new(Progress::new(request, one_order_per, limits)),
        }
    }

    /// Carries out the request, and makes visible what is left.
    pub async fn run(self) -> SweepOutcome {
        let receives = (0..RECEIVES_IN_FLIGHT).map(|_| self.receive_all());
        let in_time = timeout_at(self.limits.last_answer, join_all(receives)).await;
        let mut progress = self.progress.into_inner();
        if in_time.is_err() {
            progress.stop(StopReason::Time);
        }
        let Progress {
            mut counts,
            receipt_handles,
            stop,
            failure,
            ..
        } = progress;
        let answer_by = minus_margin(self.limits.deadline, ANSWER_MARGIN);
        counts.hidden = self.queues.make_visible(receipt_handles, answer_by).await;
        SweepOutcome {
            counts,
            stop,
            failure,
        }
    }

    async fn receive_all(&self) {
        let mut empty = 0;
        while let Some(wait_secs) = WAIT_SECS.get(empty)
            && self.progress.borrow_mut().check_limits()
        {
            let hidden_for = self.limits.deadline.saturating_duration_since(Instant::now());
            match self.queues.receive(*wait_secs, hidden_for).await {
                Ok(received) if received.is_empty() => empty += 1,
                Ok(received) => {
                    empty = 0;
                    self.settle(received).await;
                }
                Err(QueueError::OverLimit) => self.progress.borrow_mut().stop(StopReason::InFlight),
                Err(error) => self.progress.borrow_mut().fail(Some(error)),
            }
        }
    }

    /// Does all that is to be done with the messages of one receive.
    async fn settle(&self, received: Vec<Message>) {
        let matching = self.progress.borrow_mut().take(received);
        if self.request.dry_run {
            return;
        }
        for batch in batches(matching, |received| received.body.len()) {
            if !self.progress.borrow().can_act() {
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
        log_copy_failed(&result.failed);
        {
            let mut progress = self.progress.borrow_mut();
            progress.counts.copied += copied.len();
            progress.fail(result.call_error);
        }
        if !copied.is_empty() {
            self.delete(copied).await;
        }
    }

    /// Logs each dead letter before it is deleted: none is gone without a log line.
    async fn discard(&self, batch: Vec<ReceivedLetter>) {
        log_discarded(&batch);
        let failed = self.delete(batch).await;
        log_not_discarded(&failed);
    }

    /// # Returns
    /// What SQS did not confirm.
    async fn delete(&self, batch: Vec<ReceivedLetter>) -> Vec<ReceivedLetter> {
        let result = self.queues.delete(batch).await;
        log_delete_failed(&result.failed);
        let mut progress = self.progress.borrow_mut();
        progress.forget(&result.succeeded);
        progress.fail(result.call_error);
        result.failed.into_iter().map(|entry| entry.item).collect()
    }
}

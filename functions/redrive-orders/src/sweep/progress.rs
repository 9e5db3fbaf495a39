//! How far a sweep is: what it counted, what it holds, and whether it continues.

use std::collections::HashSet;

use aws_sdk_sqs::types::Message;
use shared::{domain::order_id::OneOrderPer, duplicate_filter::DuplicateFilter};
use tokio::time::Instant;

use crate::{
    dead_letter::ReceivedLetter,
    limits::{IDLE_TIMEOUT, Limits, StopReason},
    log_events::log_left,
    queues::QueueError,
    report::Counts,
    request::Request,
};

pub(super) struct Progress<'a> {
    request: &'a Request,
    one_order_per: OneOrderPer,
    limits: Limits,
    pub(super) counts: Counts,
    /// Those of all receives, except of what was deleted. A message that SQS delivers again has several, and it is not
    /// known which of them is the last.
    pub(super) receipt_handles: HashSet<String>,
    /// Why no further receive is started.
    pub(super) stop: Option<StopReason>,
    /// A call that failed, so that further calls are of no use.
    pub(super) failure: Option<QueueError>,
    /// Counts a message once that SQS delivers twice, as far as it remembers.
    message_ids: DuplicateFilter,
    last_counted: Instant,
}

impl<'a> Progress<'a> {
    pub(super) fn new(request: &'a Request, one_order_per: OneOrderPer, limits: Limits) -> Self {
        Self {
            request,
            one_order_per,
            limits,
            counts: Counts::default(),
            receipt_handles: HashSet::new(),
            stop: None,
            failure: None,
            message_ids: DuplicateFilter::default(),
            last_counted: Instant::now(),
        }
    }

    /// Stops the sweep if a limit is reached.
    ///
    /// # Returns
    /// Whether another receive may be started.
    pub(super) fn check_limits(&mut self) -> bool {
        if self.is_at_limit() {
            self.stop(StopReason::Limit);
        }
        if Instant::now() >= self.limits.last_start {
            self.stop(StopReason::Time);
        }
        if self.receipt_handles.len() >= self.limits.max_held {
            self.stop(StopReason::InFlight);
        }
        self.stop.is_none() && self.failure.is_none()
    }

    /// Whether a call that changes something may be started.
    pub(super) fn can_act(&self) -> bool {
        Instant::now() < self.limits.last_start && self.failure.is_none()
    }

    /// Starts no further receive. The first reason is kept.
    pub(super) fn stop(&mut self, reason: StopReason) {
        self.stop.get_or_insert(reason);
    }

    /// Starts no further call after a failed one. The first failure is kept.
    pub(super) fn fail(&mut self, failure: Option<QueueError>) {
        self.failure = self.failure.take().or(failure);
    }

    /// Counts the messages of a receive, and holds them.
    ///
    /// # Returns
    /// Those that match the request.
    pub(super) fn take(&mut self, received: Vec<Message>) -> Vec<ReceivedLetter> {
        let matching = received.into_iter().filter_map(|message| self.take_one(message));
        let matching = matching.collect();
        if self.last_counted.elapsed() > IDLE_TIMEOUT {
            self.stop(StopReason::NewArrivals);
        }
        matching
    }

    fn take_one(&mut self, message: Message) -> Option<ReceivedLetter> {
        self.receipt_handles.extend(message.receipt_handle.clone());
        let Some(received) = ReceivedLetter::read(message, self.one_order_per) else {
            self.fail(Some(QueueError::IncompleteMessage));
            return None;
        };
        let letter = &received.letter;
        let is_new = self.message_ids.insert(&letter.message_id);
        if !is_new || letter.sent_at > self.limits.started_at {
            return None;
        }
        self.last_counted = Instant::now();
        self.counts.examined += 1;
        if self.is_at_limit() || !self.request.matches(letter) {
            log_left(letter);
            return None;
        }
        self.counts.matched += 1;
        self.counts.breakdown.add(letter, self.limits.started_at);
        Some(received)
    }

    /// No longer holds what was deleted: it need not be made visible.
    pub(super) fn forget(&mut self, deleted: &[ReceivedLetter]) {
        self.counts.deleted += deleted.len();
        for received in deleted {
            self.receipt_handles.remove(&received.receipt_handle);
        }
    }

    fn is_at_limit(&self) -> bool {
        let limit = self.request.limit;
        limit.is_some_and(|limit| self.counts.matched >= limit)
    }
}

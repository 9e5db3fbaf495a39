//! How far a sweep is: what was met, what is held, and whether it goes on.

use std::{
    collections::HashSet,
    time::{Duration, SystemTime},
};

use aws_sdk_sqs::types::Message;
use shared::{duplicate_filter::DuplicateFilter, lambda::invocation::reserve};
use tokio::time::Instant;

use crate::{
    dead_letter::DeadLetter,
    log_events::log_left,
    queues::{QueueError, ReceivedLetter},
    report::Books,
    request::Request,
};

/// How long nothing may come but what came after the beginning, or has been met already. While orders keep being
/// rejected, the queue is never found empty.
const IDLE_TIMEOUT: Duration = Duration::from_secs(10);

/// How much of the function's time is kept for the end, at most: a call of the SDK takes up to
/// [`shared::aws::OPERATION_TIMEOUT`], and a hundred thousand messages are ten thousand calls to make them visible.
const RESERVE: Duration = Duration::from_secs(180);

/// Why a sweep stopped before the queue was found empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The request's limit is reached.
    Limit,
    /// The function's time is nearly up.
    Time,
    /// As many messages are hidden as can be.
    InFlight,
    /// New dead letters keep coming.
    NewArrivals,
}

/// The bounds of a sweep.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// When the invocation is ended.
    pub deadline: Instant,
    /// No call is begun after it, but those that make visible.
    pub begin_until: Instant,
    /// What is not over then is given up.
    pub cut: Instant,
    /// The time of day at the beginning: dead letters that came later are left to another sweep. An order that is
    /// rejected again while others are still redriven would else go round in circles.
    pub began: SystemTime,
    /// How many dead letters are held at most.
    pub max_held: usize,
}

impl Bounds {
    /// The bounds of a sweep that begins now.
    #[must_use]
    pub fn new(deadline: Instant, began: SystemTime, max_held: usize) -> Self {
        let reserve = reserve(deadline, RESERVE);
        Self {
            deadline,
            begin_until: deadline - reserve,
            cut: deadline - reserve / 2,
            began,
            max_held,
        }
    }
}

/// The progress of a sweep.
pub struct Progress<'a> {
    request: &'a Request,
    bounds: Bounds,
    /// What is counted.
    pub books: Books,
    /// The receipt handles of all receives, but for what was deleted. One that SQS delivers again has several, and
    /// which of them is the last nobody knows.
    pub held: HashSet<String>,
    /// Why no receive is begun any more.
    pub stop: Option<Stop>,
    /// A call that failed, so that there is no use in more of them.
    pub failure: Option<QueueError>,
    /// Counts nobody twice whom SQS delivers twice, as far as it remembers.
    seen: DuplicateFilter,
    /// When a dead letter was counted last.
    counted: Instant,
}

impl<'a> Progress<'a> {
    /// Nothing is done yet.
    #[must_use]
    pub fn new(request: &'a Request, bounds: Bounds) -> Self {
        Self {
            request,
            bounds,
            books: Books::default(),
            held: HashSet::new(),
            stop: None,
            failure: None,
            seen: DuplicateFilter::default(),
            counted: Instant::now(),
        }
    }

    /// Whether another receive is to be begun.
    pub fn check_limits(&mut self) -> bool {
        if self.is_at_limit() {
            self.stop(Stop::Limit);
        }
        if Instant::now() >= self.bounds.begin_until {
            self.stop(Stop::Time);
        }
        if self.held.len() >= self.bounds.max_held {
            self.stop(Stop::InFlight);
        }
        self.stop.is_none() && self.failure.is_none()
    }

    /// Whether a call that changes something is to be begun.
    #[must_use]
    pub fn may_act(&self) -> bool {
        Instant::now() < self.bounds.begin_until && self.failure.is_none()
    }

    /// Notes why no receive is begun any more: the first reason counts.
    pub fn stop(&mut self, stop: Stop) {
        self.stop.get_or_insert(stop);
    }

    /// Notes a call that failed: the first one counts.
    pub fn fail(&mut self, failure: Option<QueueError>) {
        self.failure = self.failure.take().or(failure);
    }

    /// Enters into the books what a receive brought, which was not nothing.
    ///
    /// # Returns
    /// The dead letters that the request is about.
    pub fn take(&mut self, received: Vec<Message>) -> Vec<ReceivedLetter> {
        let matching = received.into_iter().filter_map(|message| self.take_one(message));
        let matching = matching.collect();
        if self.counted.elapsed() > IDLE_TIMEOUT {
            self.stop(Stop::NewArrivals);
        }
        matching
    }

    fn take_one(&mut self, message: Message) -> Option<ReceivedLetter> {
        let letter = DeadLetter::read(&message);
        let receipt_handle = message.receipt_handle.unwrap_or_default();
        let is_new = self.seen.insert(&letter.message_id);
        self.held.insert(receipt_handle.clone());
        if !is_new || letter.sent > self.bounds.began {
            return None;
        }
        self.counted = Instant::now();
        self.books.examined += 1;
        if self.is_at_limit() || !self.request.is_about(&letter) {
            log_left(&letter);
            return None;
        }
        self.books.matched += 1;
        self.books.counts.add(&letter, self.bounds.began);
        Some(ReceivedLetter {
            letter,
            receipt_handle,
            body: message.body.unwrap_or_default(),
        })
    }

    /// What is deleted need not be made visible.
    pub fn forget(&mut self, deleted: &[ReceivedLetter]) {
        self.books.deleted += deleted.len();
        for received in deleted {
            self.held.remove(&received.receipt_handle);
        }
    }

    fn is_at_limit(&self) -> bool {
        self.request
            .limit
            .is_some_and(|limit| self.books.matched >= limit)
    }
}

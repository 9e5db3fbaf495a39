//! What became of each entry of a batch call, retries included.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use aws_sdk_sqs::types::BatchResultErrorEntry;

use crate::{aws::is_code, http::backoff::equal_jitter};

/// The delay before the second attempt, without jitter; it doubles with each further one.
const BASE_DELAY: Duration = Duration::from_millis(200);

/// What became of the items of a batch. Each is in one of the two lists.
#[derive(Debug)]
pub struct BatchResult<T, E> {
    /// Confirmed by SQS.
    pub succeeded: Vec<T>,
    /// Not confirmed, after all attempts.
    pub failed: Vec<FailedEntry<T>>,
    /// Why the call itself failed, after the attempts of the SDK. What an earlier attempt confirmed is confirmed.
    pub call_error: Option<E>,
}

impl<T, E> BatchResult<T, E> {
    pub fn map_call_error<F>(self, map: impl FnOnce(E) -> F) -> BatchResult<T, F> {
        BatchResult {
            succeeded: self.succeeded,
            failed: self.failed,
            call_error: self.call_error.map(map),
        }
    }
}

/// An item that SQS did not confirm.
#[derive(Debug, PartialEq, Eq)]
pub struct FailedEntry<T> {
    pub item: T,
    pub failure: EntryFailure,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryFailure {
    /// The sender's fault (`SenderFault`, Amazon SQS API reference), with SQS's code: repeating it does not help.
    Rejected(String),
    /// SQS's own fault, with its code.
    Unavailable(String),
    /// The answer does not name the entry.
    Unconfirmed,
    /// The call failed: see [`BatchResult::call_error`].
    CallFailed,
}

impl EntryFailure {
    /// SQS's code, or what stands for it in logs: one bounded word or phrase.
    pub fn code(&self) -> &str {
        match self {
            Self::Rejected(code) | Self::Unavailable(code) => code,
            Self::Unconfirmed => "an incomplete answer",
            Self::CallFailed => "a failed call",
        }
    }

    const fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Unconfirmed)
    }
}

/// How entries are sent again that SQS failed for reasons of its own. A call that failed as a whole was repeated by the
/// SDK already, where that could help.
#[derive(Clone, Copy)]
pub struct RetryPolicy<'a> {
    attempts: u32,
    on_retry: &'a (dyn Fn(Retry<'_>) + Sync),
}

/// Entries are about to be sent again.
#[derive(Debug, Clone, Copy)]
pub struct Retry<'a> {
    /// The attempt that failed, from 1.
    pub attempt: u32,
    pub entries: usize,
    /// [`EntryFailure::code`] of one of them.
    pub code: &'a str,
}

impl RetryPolicy<'static> {
    /// Each entry is sent so many times at most.
    pub const fn attempts(attempts: u32) -> Self {
        Self {
            attempts,
            on_retry: &|_| {},
        }
    }
}

impl<'a> RetryPolicy<'a> {
    /// Reports each retry, before its delay: for the log.
    pub const fn on_retry(self, on_retry: &'a (dyn Fn(Retry<'_>) + Sync)) -> Self {
        Self { on_retry, ..self }
    }

    fn delay(attempt: u32) -> Duration {
        let step = BASE_DELAY.saturating_mul(1 << attempt.saturating_sub(1).min(16));
        equal_jitter(step, fastrand::f64())
    }
}

/// What SQS answered: the ids of its entries.
pub(super) struct Answer {
    successful: HashSet<String>,
    failed: HashMap<String, BatchResultErrorEntry>,
}

impl Answer {
    pub(super) fn new(
        successful: impl Iterator<Item = String>,
        failed: impl IntoIterator<Item = BatchResultErrorEntry>,
    ) -> Self {
        let failed = failed.into_iter().map(|entry| (entry.id.clone(), entry));
        Self {
            successful: successful.collect(),
            failed: failed.collect(),
        }
    }

    /// An entry that is in both lists counts as failed: every call can be repeated, but what was taken for done is gone.
    fn outcome(&mut self, id: &str) -> Result<(), EntryFailure> {
        match self.failed.remove(id) {
            Some(entry) => {
                let code = if is_code(&entry.code) {
                    entry.code
                } else {
                    "an error without a code".to_owned()
                };
                Err(if entry.sender_fault {
                    EntryFailure::Rejected(code)
                } else {
                    EntryFailure::Unavailable(code)
                })
            }
            None if self.successful.contains(id) => Ok(()),
            None => Err(EntryFailure::Unconfirmed),
        }
    }
}

/// Makes a call for all items, and again for those that may succeed then. The ids of the entries are the places of their
/// items.
pub(super) async fn call<T, R, E, F>(
    items: Vec<T>,
    retry: RetryPolicy<'_>,
    entry: impl Fn(String, &T) -> Option<R>,
    call: impl Fn(Vec<R>) -> F,
) -> BatchResult<T, E>
where
    F: Future<Output = Result<Answer, E>>,
{
    let mut result = BatchResult {
        succeeded: Vec::with_capacity(items.len()),
        failed: Vec::new(),
        call_error: None,
    };
    let mut left = items;
    for attempt in 1.. {
        let entries = left.iter().enumerate();
        let entries = entries.filter_map(|(at, item)| entry(at.to_string(), item));
        let mut answer = match call(entries.collect()).await {
            Ok(answer) => answer,
            Err(error) => {
                result.failed.extend(left.into_iter().map(|item| FailedEntry {
                    item,
                    failure: EntryFailure::CallFailed,
                }));
                result.call_error = Some(error);
                break;
            }
        };
        let mut retryable = Vec::new();
        for (at, item) in std::mem::take(&mut left).into_iter().enumerate() {
            match answer.outcome(&at.to_string()) {
                Ok(()) => result.succeeded.push(item),
                Err(failure) if failure.is_retryable() => retryable.push(FailedEntry { item, failure }),
                Err(failure) => result.failed.push(FailedEntry { item, failure }),
            }
        }
        let Some(last) = retryable.last() else { break };
        if attempt >= retry.attempts {
            result.failed.append(&mut retryable);
            break;
        }
        (retry.on_retry)(Retry {
            attempt,
            entries: retryable.len(),
            code: last.failure.code(),
        });
        tokio::time::sleep(RetryPolicy::delay(attempt)).await;
        left = retryable.into_iter().map(|entry| entry.item).collect();
    }
    result
}

#[cfg(test)]
mod tests;

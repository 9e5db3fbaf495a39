//! The body of one page, chunk by chunk.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::style::Envelope;
use crate::customers::Customers;
use crate::state::Shared;

/// Bytes gathered before they are sent: memory does not grow with the number of customers.
const CHUNK: usize = 64 * 1024;

pub(super) struct Page {
    shared: Arc<Shared>,
    customers: Customers,
    before: Option<String>,
    after: Option<String>,
    start: u64,
    rest: Range<u64>,
}

impl Page {
    pub(super) fn new(
        shared: Arc<Shared>,
        customers: Customers,
        range: Range<u64>,
        envelope: &Envelope,
    ) -> Self {
        Self {
            shared,
            customers,
            before: Some(envelope.before.clone()),
            after: Some(envelope.after.clone()),
            start: range.start,
            rest: range,
        }
    }
}

impl Iterator for Page {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        self.after.as_ref()?;
        let mut chunk = Vec::with_capacity(CHUNK);
        let first = self.rest.start;
        chunk.extend(self.before.take().unwrap_or_default().into_bytes());
        while chunk.len() < CHUNK
            && let Some(index) = self.rest.next()
        {
            if index > self.start {
                chunk.push(b',');
            }
            chunk.extend_from_slice(&self.customers.json(index));
        }
        if self.rest.is_empty() {
            chunk.extend(self.after.take().unwrap_or_default().into_bytes());
        }
        let served = self.rest.start - first;
        self.shared
            .change(|state| state.record.counters.customers_served += served);
        Some(chunk.into())
    }
}

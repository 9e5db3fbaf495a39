//! Items, grouped into batches that one call takes.

/// The most entries of one call (`SendMessageBatch`, `DeleteMessageBatch`, `ChangeMessageVisibilityBatch`, Amazon SQS
/// API reference).
pub const BATCH_ENTRIES: usize = 10;

/// The most bytes of one message, and of all messages of one call together, message attributes included
/// (`SendMessageBatch`, same source). System attributes such as the X-Ray header do not count.
pub const BATCH_BYTES: usize = 1_048_576;

/// Collects items one by one.
#[derive(Debug)]
pub struct Batcher<T> {
    batch: Vec<T>,
    bytes: usize,
}

impl<T> Default for Batcher<T> {
    fn default() -> Self {
        Self {
            batch: Vec::new(),
            bytes: 0,
        }
    }
}

impl<T> Batcher<T> {
    /// Adds an item that takes `bytes` of a call. One that is larger than a call allows becomes a batch of its own, which
    /// SQS rejects.
    ///
    /// # Returns
    /// A batch that can take no more.
    #[must_use = "a batch that is dropped is lost"]
    pub fn push(&mut self, item: T, bytes: usize) -> Option<Vec<T>> {
        let fits = self.batch.is_empty() || self.bytes + bytes <= BATCH_BYTES;
        let full = if fits { None } else { self.take() };
        self.batch.push(item);
        self.bytes += bytes;
        // A batch that was started just now is not full: there is never more than one to return.
        full.or_else(|| (self.batch.len() >= BATCH_ENTRIES).then(|| self.take())?)
    }

    /// Takes the items that are not part of a batch yet; `None` if there are none.
    #[must_use = "a batch that is dropped is lost"]
    pub fn take(&mut self) -> Option<Vec<T>> {
        self.bytes = 0;
        Some(std::mem::take(&mut self.batch)).filter(|batch| !batch.is_empty())
    }
}

/// Splits a list, in its order, into batches. `bytes` is what an item takes of a call.
pub fn batches<T>(items: Vec<T>, bytes: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let mut batcher = Batcher::default();
    let mut batches = Vec::with_capacity(items.len().div_ceil(BATCH_ENTRIES));
    for item in items {
        let bytes = bytes(&item);
        batches.extend(batcher.push(item, bytes));
    }
    batches.extend(batcher.take());
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_hold_ten_entries_in_order() {
        let sizes: Vec<usize> = batches((0..25).collect(), |_: &u32| 1)
            .iter()
            .map(Vec::len)
            .collect();
        assert_eq!(sizes, [10, 10, 5]);
        let items: Vec<u32> = batches((0..25).collect(), |_| 1).concat();
        assert_eq!(items, (0..25).collect::<Vec<_>>());
        assert_eq!(batches(Vec::<u32>::new(), |_| 1), [[0_u32; 0]; 0]);
    }

    #[test]
    fn batches_hold_the_bytes_that_a_call_takes() {
        let sizes = vec![
            400_000,
            600_000,
            48_576,
            1,
            BATCH_BYTES,
            BATCH_BYTES - 1,
            1,
            BATCH_BYTES + 1,
            10,
        ];
        let batches = batches(sizes, |size| *size);
        let sizes: Vec<usize> = batches.iter().map(Vec::len).collect();
        assert_eq!(sizes, [3, 1, 1, 2, 1, 1]);
    }

    #[test]
    fn full_batch_is_returned_at_its_last_item() {
        let mut batcher = Batcher::default();
        for at in 1..BATCH_ENTRIES {
            assert_eq!(batcher.push(at, 1), None);
        }
        assert_eq!(
            batcher.push(BATCH_ENTRIES, 1),
            Some((1..=BATCH_ENTRIES).collect())
        );
        assert_eq!(batcher.take(), None);
    }
}

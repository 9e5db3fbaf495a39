//! Duplicates, detected in bounded memory.

use std::{
    collections::HashSet,
    hash::{BuildHasher, Hash, RandomState},
};

/// How many different items are remembered: a table of 2¹⁷ slots of 9 bytes each, 1.1 MiB, which is at most seven eighths
/// full (hashbrown, the table of the standard library).
pub const CAPACITY: usize = (1 << 17) / 8 * 7;

/// Remembers the first [`CAPACITY`] different items by a hash of 64 bits each. Two of them share one in one of three
/// billion runs (n²/2⁶⁵).
#[derive(Debug)]
pub struct DuplicateFilter {
    hashes: HashSet<u64>,
    state: RandomState,
}

impl Default for DuplicateFilter {
    fn default() -> Self {
        Self {
            // Allocated at once: while a table grows, the old one is in memory too.
            hashes: HashSet::with_capacity(CAPACITY),
            state: RandomState::new(),
        }
    }
}

impl DuplicateFilter {
    /// Remembers `item`, unless the filter is full.
    ///
    /// # Returns
    /// Whether the item is new: not one of those that are remembered.
    pub fn insert(&mut self, item: &impl Hash) -> bool {
        let hash = self.state.hash_one(item);
        if self.hashes.len() < CAPACITY {
            self.hashes.insert(hash)
        } else {
            !self.hashes.contains(&hash)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_filter_does_not_grow() {
        let mut filter = DuplicateFilter::default();
        assert!((0..CAPACITY).all(|item| filter.insert(&item)));
        assert!(!(0..CAPACITY).any(|item| filter.insert(&item)));
        assert!(filter.insert(&CAPACITY));
        assert!(filter.insert(&CAPACITY));
        assert!(filter.hashes.capacity() <= CAPACITY);
    }
}

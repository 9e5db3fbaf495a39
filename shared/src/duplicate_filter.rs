//! What was seen before, as far as bounded memory tells.

use std::{
    collections::HashSet,
    hash::{BuildHasher, Hash, RandomState},
};

/// How many different things are remembered: what fits a table of 2¹⁷ places of 9 bytes each, 1.1 MiB, seven
/// eighths full at most (hashbrown, the table of the standard library).
pub const REMEMBERED: usize = (1 << 17) / 8 * 7;

/// Remembers the first [`REMEMBERED`] different things by 64 bits each. That two of them have the same is as
/// good as impossible: once in three billion runs (n²/2⁶⁵).
#[derive(Debug)]
pub struct DuplicateFilter {
    hashes: HashSet<u64>,
    state: RandomState,
}

impl Default for DuplicateFilter {
    fn default() -> Self {
        Self {
            // All at once: a table that grows is there twice while it does.
            hashes: HashSet::with_capacity(REMEMBERED),
            state: RandomState::new(),
        }
    }
}

impl DuplicateFilter {
    /// Remembers `thing`, while there is room.
    ///
    /// # Returns
    /// Whether it is known from before.
    pub fn before(&mut self, thing: &impl Hash) -> bool {
        let hash = self.state.hash_one(thing);
        if self.hashes.len() < REMEMBERED {
            !self.hashes.insert(hash)
        } else {
            self.hashes.contains(&hash)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repeat_is_known_and_what_came_after_the_bound_is_not_remembered() {
        let mut seen = DuplicateFilter::default();
        assert!((0..REMEMBERED).all(|thing| !seen.before(&thing)));
        assert!((0..REMEMBERED).all(|thing| seen.before(&thing)));
        assert!(!seen.before(&REMEMBERED));
        assert!(!seen.before(&REMEMBERED));
        assert!(seen.hashes.capacity() <= REMEMBERED, "it grew");
    }
}

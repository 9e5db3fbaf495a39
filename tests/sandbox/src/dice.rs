//! Chance as a pure function: concurrent requests get the same result in any order, so that a seed replays exactly.

/// A well mixed number for (`seed`, `number`): the output step of SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) fn roll(seed: u64, number: u64) -> u64 {
    let mut z = seed.wrapping_add(number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A number for a text: FNV-1a, which unlike the standard library's hashers is the same in every release.
pub(crate) fn number_of(text: &str) -> u64 {
    text.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roll_is_the_same_for_the_same_input() {
        assert_eq!(roll(7, 1), roll(7, 1));
        assert_ne!(roll(7, 1), roll(7, 2));
        assert_ne!(roll(7, 1), roll(8, 1));
        assert_eq!(number_of(""), 0xCBF2_9CE4_8422_2325);
        assert_eq!(number_of("a"), 0xAF63_DC4C_8601_EC8C);
    }

    #[test]
    fn share_of_rolls_matches_its_percentage() {
        let hits = (0..10_000).filter(|n| roll(3, *n) % 100 < 20).count();
        assert!((1_800..2_200).contains(&hits), "{hits}");
    }
}

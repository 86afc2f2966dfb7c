//! Pseudo-random values from a seed: different in every test, the same in every run.

use std::ops::Range;

/// Starts a generator. The same seed gives the same values on every machine and in every run.
///
/// ```
/// let first: Vec<u64> = support::seeded(7).numbers(0..100).take(3).collect();
/// let again: Vec<u64> = support::seeded(7).numbers(0..100).take(3).collect();
/// assert_eq!(first, again);
/// ```
#[must_use]
pub fn seeded(seed: u64) -> Seeded {
    Seeded { state: seed }
}

/// A generator of test values: SplitMix64 (Steele, Lea and Flood, 2014). Not for secrets.
#[derive(Debug, Clone)]
pub struct Seeded {
    state: u64,
}

impl Seeded {
    /// The next 64 pseudo-random bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number of `range`, the end excluded.
    ///
    /// # Panics
    ///
    /// When the range is empty.
    pub fn number(&mut self, range: Range<u64>) -> u64 {
        assert!(range.start < range.end, "no number lies in {range:?}");
        // The remainder is biased by less than one part in 2^32 for the small ranges that tests use.
        range.start + self.bits() % (range.end - range.start)
    }

    /// A length or an index of `range`, the end excluded.
    ///
    /// # Panics
    ///
    /// When the range is empty.
    pub fn size(&mut self, range: Range<usize>) -> usize {
        let number = self.number(range.start as u64..range.end as u64);
        usize::try_from(number).expect("a number below a usize fits in a usize")
    }

    /// True in half of the cases.
    pub fn coin(&mut self) -> bool {
        self.bits() & 1 == 1
    }

    /// One of `choices`.
    ///
    /// # Panics
    ///
    /// When there is nothing to choose from.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.size(0..choices.len())]
    }

    /// A word of lower-case ASCII letters whose length lies in `length`, the end excluded.
    ///
    /// # Panics
    ///
    /// When the range is empty.
    pub fn word(&mut self, length: Range<usize>) -> String {
        let letters = b"abcdefghijklmnopqrstuvwxyz";
        (0..self.size(length))
            .map(|_| char::from(*self.pick(letters)))
            .collect()
    }

    /// Puts `items` in another order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.size(0..last + 1));
        }
    }

    /// Numbers of `range`, without end.
    pub fn numbers(mut self, range: Range<u64>) -> impl Iterator<Item = u64> {
        std::iter::repeat_with(move || self.number(range.clone()))
    }

    /// Pairs of numbers from 0 to `limit`, the limit excluded, without end.
    pub fn pairs_below(mut self, limit: u16) -> impl Iterator<Item = (u16, u16)> {
        let mut below =
            move || u16::try_from(self.number(0..u64::from(limit))).expect("below a u16");
        std::iter::repeat_with(move || (below(), below()))
    }
}

#[cfg(test)]
mod tests {
    use super::seeded;

    #[test]
    fn numbers_stay_in_their_range_and_reach_both_ends() {
        let drawn: Vec<u64> = seeded(1).numbers(3..6).take(200).collect();
        assert!(drawn.iter().all(|number| (3..6).contains(number)));
        assert!((3..6).all(|number| drawn.contains(&number)));
    }

    /// The first outputs for seed 0, as the authors' reference implementation prints them.
    #[test]
    fn the_generator_is_splitmix64() {
        let mut generator = seeded(0);
        assert_eq!(generator.bits(), 0xE220_A839_7B1D_CDAF);
        assert_eq!(generator.bits(), 0x6E78_9E6A_A1B9_65F4);
        assert_eq!(generator.bits(), 0x06C4_5D18_8009_454F);
    }

    #[test]
    fn a_shuffle_keeps_every_item() {
        let mut items: Vec<u32> = (0..50).collect();
        seeded(9).shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<u32>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<u32>>());
    }
}

//! What the shop needs, in a sentence.

/// What the function answers, its units and its errors.
pub fn pages() -> u32 {
    1
}

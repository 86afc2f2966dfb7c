//! What the shop needs, in a sentence.

/// What the function answers, its units and its errors.
pub fn login() -> u32 {
    1
}

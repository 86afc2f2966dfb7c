//! What a customer pays for a book that comes by post.
//!
//! Lantern counts money in whole cents: 12.50 euros is the number 1250.

/// What is to pay, in cents: the price of the book, and 290 cents for the postage.
///
/// Each row of this table is one example: what comes in, and what the answer is then.
///
/// | `price_cents` | answer |
/// | --- | --- |
/// | 1250 | 1540 |
/// | 700 | 990 |
/// | 0 | 290 |
pub fn to_pay_cents(price_cents: u32) -> u32 {
    todo!("take what comes in, and add the postage")
}

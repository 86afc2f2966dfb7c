//! Cart totals in cents.
//!
//! Lantern counts money in whole cents: 12.50 euros is the number 1250. Before a customer pays, the shop works out
//! here what one line of the cart costs, what is left to pay, and how the amount is shown.
//!
//! Each `todo!(…)` below marks a place that is yours: replace it, brackets and all, by code that gives the answer.

/// What one line of the cart costs, in cents: the price of one copy, times the number of copies.
///
/// A `u32` holds at most 4_294_967_295. Two of them multiplied can be more than that, so the answer is a `u64`.
///
/// | `price_cents` | `copies` | answer |
/// | --- | --- | --- |
/// | 1250 | 3 | 3750 |
/// | 1250 | 0 | 0 |
/// | 4_000_000_000 | 3 | 12_000_000_000 |
pub fn line_total(price_cents: u32, copies: u32) -> u64 {
    todo!("make both numbers a u64, then multiply")
}

/// What the customer has left to pay, in cents: the books plus the postage, less the voucher.
///
/// The voucher pays for books and for postage. One that is worth more than both makes the order free: the answer is
/// then 0, never less.
///
/// | `books_cents` | `postage_cents` | `voucher_cents` | answer |
/// | --- | --- | --- | --- |
/// | 3750 | 490 | 0 | 4240 |
/// | 3750 | 490 | 1000 | 3240 |
/// | 800 | 490 | 1000 | 290 |
/// | 800 | 490 | 2000 | 0 |
pub fn cart_total(books_cents: u64, postage_cents: u32, voucher_cents: u32) -> u64 {
    todo!("start from the books, add the postage, take the voucher off")
}

/// An amount as the customer reads it: the whole euros first, then the cents that remain (0 to 99).
///
/// | `amount_cents` | answer |
/// | --- | --- |
/// | 1205 | `(12, 5)` |
/// | 99 | `(0, 99)` |
/// | 700 | `(7, 0)` |
pub fn euros_and_cents(amount_cents: u64) -> (u64, u64) {
    todo!("one number for the euros, one for the cents that remain")
}

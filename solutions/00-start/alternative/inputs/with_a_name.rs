//! Differs: the postage has a name, and comes first.
//!
//! What a customer pays for a book that comes by post.
//!
//! Lantern counts money in whole cents: 12.50 euros is the number 1250.

/// What is to pay, in cents: the price of the book, and 290 cents for the postage.
pub fn to_pay_cents(price_cents: u32) -> u32 {
    let postage_cents = 290;
    postage_cents + price_cents
}

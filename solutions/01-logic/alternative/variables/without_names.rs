//! Differs: no variables at all, the voucher compared first, and the cents by subtraction.
//!
//! Cart totals in cents.
//!
//! Lantern counts money in whole cents: 12.50 euros is the number 1250. Before a customer pays, the shop works out
//! here what one line of the cart costs, what is left to pay, and how the amount is shown.

/// What one line of the cart costs, in cents: the price of one copy, times the number of copies.
pub fn line_total(price_cents: u32, copies: u32) -> u64 {
    u64::from(price_cents) * u64::from(copies)
}

/// What the customer has left to pay, in cents: the books plus the postage, less the voucher.
pub fn cart_total(books_cents: u64, postage_cents: u32, voucher_cents: u32) -> u64 {
    let order = books_cents + u64::from(postage_cents);
    if order > u64::from(voucher_cents) {
        order - u64::from(voucher_cents)
    } else {
        0
    }
}

/// An amount as the customer reads it: the whole euros first, then the cents that remain (0 to 99).
pub fn euros_and_cents(amount_cents: u64) -> (u64, u64) {
    let euros = amount_cents / 100;
    (euros, amount_cents - euros * 100)
}

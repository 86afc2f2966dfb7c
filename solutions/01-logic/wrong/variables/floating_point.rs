//! Caught by: euros_and_cents_lose_nothing
//! Why it tempts: a calculator shows 12.05, and an f64 is exact for every small amount.
//!
//! Cart totals in cents.
//!
//! Lantern counts money in whole cents: 12.50 euros is the number 1250. Before a customer pays, the shop works out
//! here what one line of the cart costs, what is left to pay, and how the amount is shown.

/// What one line of the cart costs, in cents: the price of one copy, times the number of copies.
pub fn line_total(price_cents: u32, copies: u32) -> u64 {
    // Widened before the product: two u32 multiplied always fit in a u64, but not in a u32. The old, narrow values
    // are of no use from here on, so the wide ones take over their names.
    let price_cents = u64::from(price_cents);
    let copies = u64::from(copies);
    price_cents * copies
}

/// What the customer has left to pay, in cents: the books plus the postage, less the voucher.
pub fn cart_total(books_cents: u64, postage_cents: u32, voucher_cents: u32) -> u64 {
    let mut total = books_cents;
    total += u64::from(postage_cents);
    // Last, so that the voucher pays for the postage too.
    total.saturating_sub(u64::from(voucher_cents))
}

/// An amount as the customer reads it: the whole euros first, then the cents that remain (0 to 99).
pub fn euros_and_cents(amount_cents: u64) -> (u64, u64) {
    let euros = amount_cents as f64 / 100.0;
    let whole = euros as u64;
    let cents = ((euros - whole as f64) * 100.0).round() as u64;
    (whole, cents)
}

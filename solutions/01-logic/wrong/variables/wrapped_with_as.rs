//! Caught by: a_line_may_cost_more_than_a_u32_holds, a_line_total_divides_back_into_its_price
//! Why it tempts: the overflow panic is gone, and with it every cent above the limit of a u32.
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
    (price_cents * copies) as u32 as u64
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
    (amount_cents / 100, amount_cents % 100)
}

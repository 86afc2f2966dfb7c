//! What an order costs: the program, mended.

/// What an order costs, in cents: 1250 cents for each copy of the book, and 290 cents for the postage.
///
/// The postage is paid once, however many copies are ordered. An order has one copy at the least.
pub fn order_cents(copies: u32) -> u32 {
    let price_cents: u32 = 1250;
    let postage_cents: u32 = 290;
    let books_cents = price_cents * copies;
    // Once for the order: not times `copies`.
    books_cents + postage_cents
}

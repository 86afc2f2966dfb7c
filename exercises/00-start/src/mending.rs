//! A small program that does not work yet.
//!
//! Somebody wrote the four lines in the function below, and there is a fault in each of them. So they wait behind two
//! slashes, where the compiler does not read them. Let them in one at a time, from the top:
//!
//! 1. Take the two slashes and the space after them away, save, and run the tests.
//! 2. The compiler says what is wrong with that line. Mend it, and run again.
//! 3. Is the message "up to here it compiles"? Then go on with the next line.
//!
//! The fourth line takes the place of the `todo!`: let the one in and delete the other at the same time. When that line
//! is mended too, the program compiles, and a test still fails.

/// What an order costs, in cents: 1250 cents for each copy of the book, and 290 cents for the postage.
///
/// The postage is paid once, however many copies are ordered. An order has one copy at the least.
///
/// | `copies` | answer |
/// | --- | --- |
/// | 1 | 1540 |
/// | 2 | 2790 |
/// | 3 | 4040 |
pub fn order_cents(copies: u32) -> u32 {
    // let price_cents: u32 = 1250
    // let postage_cents: u32 = "290";
    // let books_cents = price_cents * copis;
    // books_cents + postage_cents * copies;
    todo!("up to here it compiles: let in the next line; with the fourth, delete this one")
}

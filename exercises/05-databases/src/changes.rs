//! Changes: what was there is different afterwards, and you know how much of it.
//!
//! Each function here is one statement. Between two statements another connection can change what the first one saw. An ISBN is
//! a text, and compared letter by letter. What the table refuses is an error.

use rusqlite::{Connection, OptionalExtension, named_params, params};

use crate::given::NewBook;

/// Sets the price of the book with this ISBN, and of no other. Says whether there is such a book.
///
/// In one statement. A price that is the same as before is set as well: the answer is `true`.
pub fn set_price(connection: &Connection, isbn: &str, cents: u32) -> rusqlite::Result<bool> {
    todo!("how many rows did it change?")
}

/// Takes copies of a book out of the stock, and returns how many are left.
///
/// In one statement that looks and takes at once. When there is no such book, or fewer copies than asked for, nothing
/// changes, and the answer is `None`. Taking 0 copies of a book changes nothing, and tells how many there are.
pub fn take_copies(
    connection: &Connection,
    isbn: &str,
    copies: u32,
) -> rusqlite::Result<Option<u32>> {
    todo!("a condition in WHERE, and RETURNING")
}

/// A delivery has come, with so many copies as its `stock` says. Returns the id of the book.
///
/// In one statement:
///
/// - A book whose ISBN is new is added as it is.
/// - A book whose ISBN is there keeps its id, and all that refers to it. Its stock grows by the copies of the delivery; title
///   and price become those of the delivery, and so does the series, unless the delivery names none: then the old one stays.
pub fn receive(connection: &Connection, delivery: &NewBook) -> rusqlite::Result<i64> {
    todo!("INSERT … ON CONFLICT … DO UPDATE … RETURNING")
}

/// Deletes the cancelled orders that were placed before `day` (such as `2026-11-25`; orders of that day stay), and returns
/// their ids in ascending order. The lines of an order go with it; the table sees to that.
///
/// In one statement.
pub fn drop_cancelled(connection: &Connection, day: &str) -> rusqlite::Result<Vec<i64>> {
    todo!("DELETE … RETURNING gives rows, in no order that anybody promised")
}

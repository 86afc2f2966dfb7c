//! New rows: values that stay values, and many rows at the price of one.
//!
//! What people type goes into the database as they typed it. A title may contain quotes, a line break, an emoji or a
//! whole SQL statement: it is a text, and stays one.

use rusqlite::{Connection, named_params, params};

use crate::given::NewBook;

/// Adds a book to the table `books`, and returns the id that SQLite gave it.
///
/// A book without a series has NULL there. An ISBN that is there already is an error, and the book that has it stays as it
/// is.
pub fn add_book(connection: &Connection, book: &NewBook) -> rusqlite::Result<i64> {
    todo!("one statement with five parameters")
}

/// Adds many books, and returns their ids in the order of `books`.
///
/// All of them or none: when one cannot be added, that is the error, and nothing has changed. All of it is one
/// transaction, and the statement is prepared once, not once for each book. No books are no error. The settings of the
/// connection stay as they are.
pub fn add_books(connection: &mut Connection, books: &[NewBook]) -> rusqlite::Result<Vec<i64>> {
    todo!("begin a transaction, prepare, run the statement for each book, commit")
}

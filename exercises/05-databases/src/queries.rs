//! Questions: from rows to values, one or none or many.
//!
//! The functions here only read. The rows become `Book`s by `book_of`, which is given.

use rusqlite::{Connection, OptionalExtension, params};

use crate::given::{Book, book_of};

/// The book with this ISBN, if there is one. An ISBN is a text here, and compared letter by letter. `None` means that there
/// is none; whatever goes wrong is an error.
pub fn find_by_isbn(connection: &Connection, isbn: &str) -> rusqlite::Result<Option<Book>> {
    todo!("`query_row` and `optional`")
}

/// The books that cost at least `low` and at most `high` cents: the cheapest first, books of one price by title, books of
/// one price and title by id.
///
/// A row that cannot be read is an error, and not a shorter list.
pub fn priced_between(connection: &Connection, low: u32, high: u32) -> rusqlite::Result<Vec<Book>> {
    todo!("prepare, `query_map`, collect")
}

/// The books of exactly this series, by title, then by id. For `None`, the books that stand alone.
pub fn in_series(connection: &Connection, series: Option<&str>) -> rusqlite::Result<Vec<Book>> {
    todo!("which comparison finds NULL?")
}

/// The books in whose title `text` occurs, by title, then by id.
///
/// Capital and small ASCII letters are the same; every other character stands for itself, `%`, `_`, `\` and `*` as well.
/// The empty text occurs in every title.
pub fn title_contains(connection: &Connection, text: &str) -> rusqlite::Result<Vec<Book>> {
    todo!("a pattern would need care; is there a function that needs none?")
}

/// How many copies of each of these books there are, in the order of the question; `None` for a book that is not there. An
/// ISBN that is asked for twice is answered twice.
///
/// A cart is asked for as a whole: the statement is prepared once, not once for each ISBN.
pub fn stock_of(connection: &Connection, isbns: &[&str]) -> rusqlite::Result<Vec<Option<u32>>> {
    todo!("prepare once, then ask for each")
}

/// The `count` books that were added last (those with the largest ids), the newest first.
pub fn newest(connection: &Connection, count: u32) -> rusqlite::Result<Vec<Book>> {
    todo!("let SQLite stop after `count` rows")
}

//! Questions: from rows to values, one or none or many.
//!
//! The functions here only read. The rows become `Book`s by `book_of`, which is given.

use rusqlite::{Connection, OptionalExtension, Params};

use crate::given::{Book, book_of};

/// The book with this ISBN, if there is one. An ISBN is a text here, and compared letter by letter. `None` means that there
/// is none; whatever goes wrong is an error.
pub fn find_by_isbn(connection: &Connection, isbn: &str) -> rusqlite::Result<Option<Book>> {
    connection
        .query_row(
            "SELECT id, isbn, title, series, cents, stock FROM books WHERE isbn = ?1",
            [isbn],
            book_of,
        )
        .optional()
}

/// The books that cost at least `low` and at most `high` cents: the cheapest first, books of one price by title, books of
/// one price and title by id.
///
/// A row that cannot be read is an error, and not a shorter list.
pub fn priced_between(connection: &Connection, low: u32, high: u32) -> rusqlite::Result<Vec<Book>> {
    books(
        connection,
        "SELECT id, isbn, title, series, cents, stock FROM books
         WHERE cents BETWEEN ?1 AND ?2 ORDER BY cents, title, id",
        [low, high],
    )
}

/// The books of exactly this series, by title, then by id. For `None`, the books that stand alone.
pub fn in_series(connection: &Connection, series: Option<&str>) -> rusqlite::Result<Vec<Book>> {
    books(
        connection,
        "SELECT id, isbn, title, series, cents, stock FROM books
         WHERE series IS ?1 ORDER BY title, id",
        [series],
    )
}

/// The books in whose title `text` occurs, by title, then by id.
///
/// Capital and small ASCII letters are the same; every other character stands for itself, `%`, `_`, `\` and `*` as well.
/// The empty text occurs in every title.
pub fn title_contains(connection: &Connection, text: &str) -> rusqlite::Result<Vec<Book>> {
    books(
        connection,
        "SELECT id, isbn, title, series, cents, stock FROM books
         WHERE instr(lower(title), lower(?1)) > 0 ORDER BY title, id",
        [text],
    )
}

/// How many copies of each of these books there are, in the order of the question; `None` for a book that is not there. An
/// ISBN that is asked for twice is answered twice.
///
/// A cart is asked for as a whole: the statement is prepared once, not once for each ISBN.
pub fn stock_of(connection: &Connection, isbns: &[&str]) -> rusqlite::Result<Vec<Option<u32>>> {
    let mut statement = connection.prepare("SELECT stock FROM books WHERE isbn = ?1")?;
    isbns
        .iter()
        .map(|isbn| statement.query_row([isbn], |row| row.get(0)).optional())
        .collect()
}

/// The `count` books that were added last (those with the largest ids), the newest first.
pub fn newest(connection: &Connection, count: u32) -> rusqlite::Result<Vec<Book>> {
    books(
        connection,
        "SELECT id, isbn, title, series, cents, stock FROM books ORDER BY id DESC LIMIT ?1",
        [count],
    )
}

fn books(connection: &Connection, sql: &str, params: impl Params) -> rusqlite::Result<Vec<Book>> {
    connection
        .prepare(sql)?
        .query_map(params, book_of)?
        .collect()
}

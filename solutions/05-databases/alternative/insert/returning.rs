//! The statement itself returns the id, and the connection keeps the statement.

use rusqlite::{Connection, params};

use crate::given::NewBook;

/// Adds a book to the table `books`, and returns the id that SQLite gave it.
pub fn add_book(connection: &Connection, book: &NewBook) -> rusqlite::Result<i64> {
    let NewBook {
        isbn,
        title,
        series,
        cents,
        stock,
    } = book;
    connection
        .prepare_cached("INSERT INTO books VALUES (NULL, ?, ?, ?, ?, ?) RETURNING id")?
        .query_row(params![isbn, title, series, cents, stock], |row| row.get(0))
}

/// Adds many books, and returns their ids in the order of `books`.
pub fn add_books(connection: &mut Connection, books: &[NewBook]) -> rusqlite::Result<Vec<i64>> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let added: rusqlite::Result<Vec<i64>> = books
        .iter()
        .map(|book| add_book(connection, book))
        .collect();
    match added.and_then(|ids| connection.execute_batch("COMMIT").map(|()| ids)) {
        Ok(ids) => Ok(ids),
        Err(error) => {
            if !connection.is_autocommit() {
                connection.execute_batch("ROLLBACK")?;
            }
            Err(error)
        }
    }
}

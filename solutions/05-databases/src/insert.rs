//! New rows: values that stay values, and many rows at the price of one.
//!
//! What people type goes into the database as they typed it. A title may contain quotes, a line break, an emoji or a
//! whole SQL statement: it is a text, and stays one.

use rusqlite::{Connection, Statement, named_params};

use crate::given::NewBook;

const INSERT: &str = "INSERT INTO books (isbn, title, series, cents, stock)
                      VALUES (:isbn, :title, :series, :cents, :stock)";

/// Adds a book to the table `books`, and returns the id that SQLite gave it.
///
/// A book without a series has NULL there. An ISBN that is there already is an error, and the book that has it stays as it
/// is.
pub fn add_book(connection: &Connection, book: &NewBook) -> rusqlite::Result<i64> {
    insert(connection, &mut connection.prepare(INSERT)?, book)
}

/// Adds many books, and returns their ids in the order of `books`.
///
/// All of them or none: when one cannot be added, that is the error, and nothing has changed. All of it is one
/// transaction, and the statement is prepared once, not once for each book. No books are no error. The settings of the
/// connection stay as they are.
pub fn add_books(connection: &mut Connection, books: &[NewBook]) -> rusqlite::Result<Vec<i64>> {
    let transaction = connection.transaction()?;
    let mut statement = transaction.prepare(INSERT)?;
    let mut ids = Vec::new();
    for book in books {
        ids.push(insert(&transaction, &mut statement, book)?);
    }
    // The statement borrows from the transaction, and `commit` takes the transaction away.
    drop(statement);
    transaction.commit()?;
    Ok(ids)
}

fn insert(
    connection: &Connection,
    statement: &mut Statement<'_>,
    book: &NewBook,
) -> rusqlite::Result<i64> {
    statement.execute(named_params! {
        ":isbn": book.isbn,
        ":title": book.title,
        ":series": book.series,
        ":cents": book.cents,
        ":stock": book.stock,
    })?;
    Ok(connection.last_insert_rowid())
}

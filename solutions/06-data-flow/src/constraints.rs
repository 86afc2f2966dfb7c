//! Constraints: what the database refuses, said in the shop's words.
//!
//! "UNIQUE constraint failed: customers.email" is no sentence for a customer. And "somebody has this address already" is
//! something that the program must be able to tell from "the disk is full".

use std::fmt;

use rusqlite::{Connection, Error, OptionalExtension, ffi, params};

/// Why the shop refuses something.
#[derive(Debug)]
pub enum Problem {
    /// A customer with this address is there already.
    EmailTaken,
    /// A book with this ISBN is there already.
    IsbnTaken,
    /// The order has a line for this book already.
    AlreadyInOrder,
    /// A price below zero.
    NegativePrice,
    /// More copies than there are.
    OutOfStock,
    /// A line with no copies, or fewer.
    NoCopies,
    /// A name with nothing in it but spaces.
    NoName,
    /// There is no such order.
    UnknownOrder,
    /// There is no such book.
    UnknownBook,
    /// Somebody else is writing. The same again in a moment may well work.
    Busy,
    /// Anything else. It is a fault of the program or of the machine, and for the log.
    Other(Error),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EmailTaken => "somebody has this address already",
            Self::IsbnTaken => "there is a book with this ISBN already",
            Self::AlreadyInOrder => "the book is in the order already",
            Self::NegativePrice => "a price cannot be below zero",
            Self::OutOfStock => "there are not so many copies",
            Self::NoCopies => "a line needs one copy at least",
            Self::NoName => "a name is missing",
            Self::UnknownOrder => "there is no such order",
            Self::UnknownBook => "there is no such book",
            Self::Busy => "the shop is busy, try again",
            Self::Other(_) => "something went wrong",
        })
    }
}

impl std::error::Error for Problem {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Other(error) => Some(error),
            _ => None,
        }
    }
}

/// Says in the shop's words what an error of the database means.
///
/// The extended code says which kind of constraint it was, and SQLite's message names it behind the colon. Both must be
/// exactly these:
///
/// | kind | name | problem |
/// | --- | --- | --- |
/// | UNIQUE | `customers.email` | `EmailTaken` |
/// | UNIQUE | `books.isbn` | `IsbnTaken` |
/// | PRIMARY KEY | `order_lines.order_id, order_lines.book_id` | `AlreadyInOrder` |
/// | CHECK | `price_not_negative` | `NegativePrice` |
/// | CHECK | `stock_not_negative` | `OutOfStock` |
/// | CHECK | `copies_at_least_one` | `NoCopies` |
/// | CHECK | `name_not_blank` | `NoName` |
///
/// BUSY of every kind is `Busy`. All else, a constraint that has another name too, is `Other` with the error as it was.
pub fn problem_of(error: Error) -> Problem {
    let Error::SqliteFailure(code, message) = &error else {
        return Problem::Other(error);
    };
    if code.code == ffi::ErrorCode::DatabaseBusy {
        return Problem::Busy;
    }
    let name = message
        .as_deref()
        .and_then(|message| message.split_once(" constraint failed: "))
        .map_or("", |(_, name)| name);
    match (code.extended_code, name) {
        (ffi::SQLITE_CONSTRAINT_UNIQUE, "customers.email") => Problem::EmailTaken,
        (ffi::SQLITE_CONSTRAINT_UNIQUE, "books.isbn") => Problem::IsbnTaken,
        (ffi::SQLITE_CONSTRAINT_PRIMARYKEY, "order_lines.order_id, order_lines.book_id") => {
            Problem::AlreadyInOrder
        }
        (ffi::SQLITE_CONSTRAINT_CHECK, "price_not_negative") => Problem::NegativePrice,
        (ffi::SQLITE_CONSTRAINT_CHECK, "stock_not_negative") => Problem::OutOfStock,
        (ffi::SQLITE_CONSTRAINT_CHECK, "copies_at_least_one") => Problem::NoCopies,
        (ffi::SQLITE_CONSTRAINT_CHECK, "name_not_blank") => Problem::NoName,
        _ => Problem::Other(error),
    }
}

/// Adds a customer, and returns the id. The address and the name are stored as they are given.
///
/// # Errors
///
/// What [`problem_of`] says of SQLite's error.
pub fn register(connection: &Connection, email: &str, name: &str) -> Result<i64, Problem> {
    connection
        .execute(
            "INSERT INTO customers (email, name) VALUES (?1, ?2)",
            [email, name],
        )
        .map_err(problem_of)?;
    Ok(connection.last_insert_rowid())
}

/// Adds a line to an order, at the price that the book has.
///
/// # Errors
///
/// An order that is not there is `UnknownOrder`. Otherwise, a book that is not there is `UnknownBook`. (A foreign key that
/// fails has no name in SQLite: look afterwards which one it was.) For all else, what [`problem_of`] says. Whatever the
/// error, nothing has changed.
pub fn add_line(
    connection: &Connection,
    order_id: i64,
    book_id: i64,
    copies: i64,
) -> Result<(), Problem> {
    let added = connection.execute(
        "INSERT INTO order_lines (order_id, book_id, copies, cents)
         VALUES (?1, ?2, ?3, coalesce((SELECT cents FROM books WHERE id = ?2), 0))",
        params![order_id, book_id, copies],
    );
    let Err(error) = added else { return Ok(()) };
    if error.sqlite_extended_error_code() != Some(ffi::SQLITE_CONSTRAINT_FOREIGNKEY) {
        return Err(problem_of(error));
    }
    if !is_there(connection, "SELECT 1 FROM orders WHERE id = ?1", order_id)? {
        Err(Problem::UnknownOrder)
    } else if !is_there(connection, "SELECT 1 FROM books WHERE id = ?1", book_id)? {
        Err(Problem::UnknownBook)
    } else {
        Err(Problem::Other(error))
    }
}

fn is_there(connection: &Connection, sql: &str, id: i64) -> Result<bool, Problem> {
    let row = connection.query_row(sql, [id], |_| Ok(())).optional();
    Ok(row.map_err(problem_of)?.is_some())
}

//! The whole message is compared, from a table; a line is looked at before it is added.

use std::fmt;

use rusqlite::ffi::{self, ErrorCode};
use rusqlite::{Connection, Error};

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

type Known = (i32, &'static str, fn() -> Problem);

const KNOWN: [Known; 7] = [
    (2067, "UNIQUE constraint failed: customers.email", || {
        Problem::EmailTaken
    }),
    (2067, "UNIQUE constraint failed: books.isbn", || {
        Problem::IsbnTaken
    }),
    (
        1555,
        "UNIQUE constraint failed: order_lines.order_id, order_lines.book_id",
        || Problem::AlreadyInOrder,
    ),
    (275, "CHECK constraint failed: price_not_negative", || {
        Problem::NegativePrice
    }),
    (275, "CHECK constraint failed: stock_not_negative", || {
        Problem::OutOfStock
    }),
    (275, "CHECK constraint failed: copies_at_least_one", || {
        Problem::NoCopies
    }),
    (275, "CHECK constraint failed: name_not_blank", || {
        Problem::NoName
    }),
];

/// Says in the shop's words what an error of the database means.
pub fn problem_of(error: Error) -> Problem {
    match &error {
        Error::SqliteFailure(
            ffi::Error {
                code: ErrorCode::DatabaseBusy,
                ..
            },
            _,
        ) => Problem::Busy,
        Error::SqliteFailure(ffi::Error { extended_code, .. }, Some(message)) => KNOWN
            .iter()
            .find(|(code, text, _)| code == extended_code && text == message)
            .map_or_else(|| Problem::Other(error), |(_, _, problem)| problem()),
        _ => Problem::Other(error),
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        problem_of(error)
    }
}

/// Adds a customer, and returns the id.
pub fn register(connection: &Connection, email: &str, name: &str) -> Result<i64, Problem> {
    let sql = "INSERT INTO customers (name, email) VALUES (?, ?) RETURNING id";
    Ok(connection.query_row(sql, (name, email), |row| row.get("id"))?)
}

/// Adds a line to an order, at the price that the book has.
pub fn add_line(
    connection: &Connection,
    order_id: i64,
    book_id: i64,
    copies: i64,
) -> Result<(), Problem> {
    let transaction = connection.unchecked_transaction()?;
    if !transaction
        .prepare("SELECT 1 FROM orders WHERE id = ?")?
        .exists([order_id])?
    {
        return Err(Problem::UnknownOrder);
    }
    let price: i64 = transaction
        .query_row("SELECT cents FROM books WHERE id = ?", [book_id], |row| {
            row.get(0)
        })
        .map_err(|error| match error {
            Error::QueryReturnedNoRows => Problem::UnknownBook,
            error => problem_of(error),
        })?;
    transaction.execute(
        "INSERT INTO order_lines VALUES (?, ?, ?, ?)",
        (order_id, book_id, copies, price),
    )?;
    Ok(transaction.commit()?)
}

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
    todo!("match on the extended code and the name behind the colon")
}

/// Adds a customer, and returns the id. The address and the name are stored as they are given.
///
/// # Errors
///
/// What [`problem_of`] says of SQLite's error.
pub fn register(connection: &Connection, email: &str, name: &str) -> Result<i64, Problem> {
    todo!("one INSERT, and map_err")
}

/// Adds a line to an order, at the price that the book has.
///
/// # Errors
///
/// An order that is not there is `UnknownOrder`. Otherwise, a book that is not there is `UnknownBook`. (A foreign key that
/// fails has no name in SQLite: look afterwards which one it was. If the look fails, that is the error.) For all else, what
/// [`problem_of`] says; when that comes on top of something that is not there, either may be the answer. Whatever the error,
/// nothing has changed.
pub fn add_line(
    connection: &Connection,
    order_id: i64,
    book_id: i64,
    copies: i64,
) -> Result<(), Problem> {
    todo!("insert, and look for the reason only when it fails")
}

//! Transactions: several changes that are one.
//!
//! An order is more than a row. Copies leave the stock, lines say what was bought, a payment says what it cost. If the
//! program stops between two of these, the shop has sold something that nobody paid, or was paid for nothing.

use std::fmt;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

/// So many copies of one book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub book_id: i64,
    pub copies: u32,
}

/// What a customer wants to buy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Purchase {
    pub customer_id: i64,
    /// The day of the order, such as `2026-11-25`.
    pub placed_on: String,
    pub lines: Vec<Line>,
    /// The bank's name for the payment. It is stored as it is.
    pub reference: String,
}

/// What the customer gets to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub order_id: i64,
    /// What all lines cost together.
    pub cents: i64,
}

/// Why an order was not placed, or not cancelled.
#[derive(Debug)]
pub enum OrderError {
    /// There is no line.
    NothingOrdered,
    /// No book has this id.
    UnknownBook(i64),
    /// Fewer copies of the book are left than were asked for.
    OutOfStock { book_id: i64, left: i64 },
    /// The database refused something.
    Database(rusqlite::Error),
}

impl fmt::Display for OrderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NothingOrdered => write!(f, "nothing was ordered"),
            Self::UnknownBook(book_id) => write!(f, "there is no book {book_id}"),
            Self::OutOfStock { book_id, left } => {
                write!(f, "only {left} copies of book {book_id} are left")
            }
            Self::Database(error) => write!(f, "the database says: {error}"),
        }
    }
}

impl std::error::Error for OrderError {}

impl From<rusqlite::Error> for OrderError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

/// Places an order: the copies leave the stock, the order stands in `orders` with the state `paid`, each line in
/// `order_lines` with the price that the book has at this moment, and what all lines cost in `payments`. All else stays as it
/// is, the version of a book too: nobody has edited it.
///
/// All of it happens or nothing, and until it is over nobody else can write: what was read stays true. When another
/// connection is writing, the order waits for it, as long as the connection's busy time-out says.
///
/// # Errors
///
/// No lines are `NothingOrdered`. Otherwise the first line that cannot be served decides between `UnknownBook` and
/// `OutOfStock`. What the tables refuse (no such customer, 0 copies, the same book twice, a reference that was used) is
/// `Database`. After any error everything is as it was before.
pub fn place_order(
    connection: &mut Connection,
    purchase: &Purchase,
) -> Result<Receipt, OrderError> {
    todo!("begin as a writer, then the order, its lines, its payment, and commit")
}

/// Cancels an order that is paid: its state becomes `cancelled`, its copies go back to the stock, and all that was paid for
/// it is paid back (less what was paid back already), as one payment below zero with the reference `refund-` and the order's id.
/// Returns the cents that are paid back.
///
/// An order that is not there, was sent or is cancelled already stays as it is, and the answer is `None`. All of it happens
/// or nothing; two who cancel the same order at once pay it back once.
pub fn cancel_order(connection: &mut Connection, order_id: i64) -> Result<Option<i64>, OrderError> {
    todo!("the condition belongs into the change; then the copies, then the money")
}

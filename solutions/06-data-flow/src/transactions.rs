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
    /// The bank's name for the payment.
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
/// `order_lines` with the price that the book has at this moment, and what all lines cost in `payments`.
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
    if purchase.lines.is_empty() {
        return Err(OrderError::NothingOrdered);
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute(
        "INSERT INTO orders (customer_id, placed_on, state) VALUES (?1, ?2, 'paid')",
        params![purchase.customer_id, purchase.placed_on],
    )?;
    let order_id = transaction.last_insert_rowid();
    let mut cents = 0;
    for line in &purchase.lines {
        let price = take(&transaction, line)?;
        transaction.execute(
            "INSERT INTO order_lines (order_id, book_id, copies, cents) VALUES (?1, ?2, ?3, ?4)",
            params![order_id, line.book_id, line.copies, price],
        )?;
        cents += i64::from(line.copies) * price;
    }
    transaction.execute(
        "INSERT INTO payments (order_id, cents, reference) VALUES (?1, ?2, ?3)",
        params![order_id, cents, purchase.reference],
    )?;
    transaction.commit()?;
    Ok(Receipt { order_id, cents })
}

/// Takes the copies of a line out of the stock, and returns what one of them costs.
fn take(transaction: &Transaction<'_>, line: &Line) -> Result<i64, OrderError> {
    let price = transaction
        .query_row(
            "UPDATE books SET stock = stock - ?2 WHERE id = ?1 AND stock >= ?2 RETURNING cents",
            params![line.book_id, line.copies],
            |row| row.get(0),
        )
        .optional()?;
    if let Some(price) = price {
        return Ok(price);
    }
    let left = transaction
        .query_row(
            "SELECT stock FROM books WHERE id = ?1",
            [line.book_id],
            |row| row.get(0),
        )
        .optional()?;
    Err(match left {
        Some(left) => OrderError::OutOfStock {
            book_id: line.book_id,
            left,
        },
        None => OrderError::UnknownBook(line.book_id),
    })
}

/// Cancels an order that is paid: its state becomes `cancelled`, its copies go back to the stock, and all that was paid for
/// it is paid back, as one payment below zero with the reference `refund-` and the order's id. Returns the cents that are paid
/// back.
///
/// An order that is not there, was sent or is cancelled already stays as it is, and the answer is `None`. All of it happens
/// or nothing; two who cancel the same order at once pay it back once.
pub fn cancel_order(connection: &mut Connection, order_id: i64) -> Result<Option<i64>, OrderError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let cancelled = transaction.execute(
        "UPDATE orders SET state = 'cancelled' WHERE id = ?1 AND state = 'paid'",
        [order_id],
    )?;
    if cancelled == 0 {
        return Ok(None);
    }
    transaction.execute(
        "UPDATE books SET stock = stock + line.copies
         FROM order_lines AS line WHERE line.book_id = books.id AND line.order_id = ?1",
        [order_id],
    )?;
    let paid: i64 = transaction.query_row(
        "SELECT coalesce(sum(cents), 0) FROM payments WHERE order_id = ?1",
        [order_id],
        |row| row.get(0),
    )?;
    transaction.execute(
        "INSERT INTO payments (order_id, cents, reference) VALUES (?1, ?2, ?3)",
        params![order_id, -paid, format!("refund-{order_id}")],
    )?;
    transaction.commit()?;
    Ok(Some(paid))
}

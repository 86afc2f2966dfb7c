//! Everything is looked at first, inside of the transaction, and written afterwards.

use std::collections::HashMap;
use std::fmt;

use rusqlite::{Connection, Error, TransactionBehavior, named_params};

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

/// Places an order.
pub fn place_order(
    connection: &mut Connection,
    purchase: &Purchase,
) -> Result<Receipt, OrderError> {
    let transaction = rusqlite::Transaction::new(connection, TransactionBehavior::Exclusive)?;
    let mut prices = HashMap::new();
    for Line { book_id, copies } in purchase.lines.iter().cloned() {
        let found = transaction.query_row(
            "SELECT stock, cents FROM books WHERE id = ?",
            [book_id],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
        );
        match found {
            Err(Error::QueryReturnedNoRows) => return Err(OrderError::UnknownBook(book_id)),
            Ok((left, _)) if left < copies.into() => {
                return Err(OrderError::OutOfStock { book_id, left });
            }
            other => prices.insert(book_id, other?.1),
        };
    }
    let cents = purchase
        .lines
        .iter()
        .map(|line| prices[&line.book_id] * i64::from(line.copies))
        .sum();
    if purchase.lines.is_empty() {
        transaction.rollback()?;
        return Err(OrderError::NothingOrdered);
    }
    let order_id = transaction.query_row(
        "INSERT INTO orders (customer_id, placed_on, state)
         VALUES (:customer, :day, 'paid') RETURNING id",
        named_params! { ":customer": purchase.customer_id, ":day": purchase.placed_on },
        |row| row.get(0),
    )?;
    transaction.execute(
        "INSERT INTO payments (order_id, cents, reference) VALUES (:order, :cents, :reference)",
        named_params! { ":order": order_id, ":cents": cents, ":reference": purchase.reference },
    )?;
    {
        let mut write = transaction.prepare("INSERT INTO order_lines VALUES (?, ?, ?, ?)")?;
        for line in &purchase.lines {
            write.execute((order_id, line.book_id, line.copies, prices[&line.book_id]))?;
        }
    }
    transaction.execute(
        "UPDATE books SET stock = stock - (
             SELECT copies FROM order_lines WHERE order_id = ?1 AND book_id = books.id
         )
         WHERE id IN (SELECT book_id FROM order_lines WHERE order_id = ?1)",
        [order_id],
    )?;
    transaction.commit()?;
    Ok(Receipt { order_id, cents })
}

/// Cancels an order that is paid.
pub fn cancel_order(connection: &mut Connection, order_id: i64) -> Result<Option<i64>, OrderError> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let answer = cancel(connection, order_id).and_then(|answer| {
        connection.execute_batch("COMMIT")?;
        Ok(answer)
    });
    if answer.is_err() && !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK")?;
    }
    Ok(answer?)
}

fn cancel(connection: &Connection, order_id: i64) -> rusqlite::Result<Option<i64>> {
    let state: Vec<String> = connection
        .prepare("SELECT state FROM orders WHERE id = ?")?
        .query_map([order_id], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    if state != ["paid"] {
        return Ok(None);
    }
    let lines: Vec<(i64, i64)> = connection
        .prepare("SELECT copies, book_id FROM order_lines WHERE order_id = ?")?
        .query_map([order_id], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let back: i64 = connection.query_row(
        "INSERT INTO payments (order_id, cents, reference)
         SELECT ?1, -sum(cents), 'refund-' || ?1 FROM payments WHERE order_id = ?1
         RETURNING -cents",
        [order_id],
        |row| row.get(0),
    )?;
    for line in lines {
        connection.execute("UPDATE books SET stock = stock + ? WHERE id = ?", line)?;
    }
    connection.execute(
        "UPDATE orders SET state = 'cancelled' WHERE id = ?",
        [order_id],
    )?;
    Ok(Some(back))
}

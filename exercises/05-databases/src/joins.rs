//! Joins: answers that stand in several tables at once.
//!
//! Each function here asks one question with one statement, however many rows there are.

use rusqlite::{Connection, params};

/// What an order comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderTotal {
    pub order_id: i64,
    /// The customer's name.
    pub customer: String,
    /// How many copies, of all lines together.
    pub copies: i64,
    /// What they cost together, at the prices of the lines.
    pub cents: i64,
}

/// How often a customer has ordered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerOrders {
    pub customer_id: i64,
    pub name: String,
    pub orders: i64,
}

/// A line of the printed catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueEntry {
    pub book_id: i64,
    pub title: String,
    /// The names of the authors, in the order of their positions.
    pub authors: Vec<String>,
}

/// A book that was ordered together with another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlsoBought {
    pub book_id: i64,
    pub title: String,
    /// How many orders have both.
    pub orders: i64,
}

/// What every order comes to, by the id of the order. Orders of every state count, and an order without lines comes to 0.
pub fn order_totals(connection: &Connection) -> rusqlite::Result<Vec<OrderTotal>> {
    todo!("which join loses no order?")
}

/// How many orders every customer has that are not cancelled, by name, then by id. Nobody is missing: who has none has 0.
pub fn orders_by_customer(connection: &Connection) -> rusqlite::Result<Vec<CustomerOrders>> {
    todo!("a condition in ON is not the same as one in WHERE")
}

/// All books with all their authors, by title, then by the id of the book. A book without authors has an empty list. A
/// name may contain any character.
///
/// Positions may have gaps, and two authors at one position come by the id of the author.
pub fn catalogue(connection: &Connection) -> rusqlite::Result<Vec<CatalogueEntry>> {
    todo!("one row for each book and author; begin a new entry when the book changes")
}

/// The books that stand in the same orders as this one: those with the most orders in common first, then by title, then by
/// id, and `count` of them at most. The book itself is not one of them, and cancelled orders do not count.
pub fn also_bought(
    connection: &Connection,
    book_id: i64,
    count: u32,
) -> rusqlite::Result<Vec<AlsoBought>> {
    todo!("a table can be joined with itself, under two names")
}

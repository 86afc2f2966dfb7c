//! Aggregates: many rows become one number.
//!
//! Each function here asks one question with one statement, however many months or customers there are. Cancelled orders
//! never count. Money is in cents, and stays a whole number.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, params};

/// A book and how well it sold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BestSeller {
    pub book_id: i64,
    pub title: String,
    /// How many copies, in all orders together.
    pub copies: i64,
    /// What was paid for them, at the prices of the lines.
    pub cents: i64,
}

/// A customer who comes again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Regular {
    pub customer_id: i64,
    pub name: String,
    pub orders: i64,
}

/// What a month brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthSales {
    /// Such as `2025-11`.
    pub month: String,
    /// How many orders were placed, those without lines as well.
    pub orders: i64,
    /// What they come to.
    pub cents: i64,
    /// What this month and the listed ones before it come to.
    pub running_cents: i64,
}

/// The books that sold best: most copies first, then most cents, then by title, then by id, and `count` of them at most. A
/// book that was never sold is not one of them.
pub fn best_sellers(connection: &Connection, count: u32) -> rusqlite::Result<Vec<BestSeller>> {
    todo!("one group for each book")
}

/// The customers with `at_least` so many orders: most orders first, then by name, then by id. With 0 these are all
/// customers, and who has no order has 0.
pub fn regulars(connection: &Connection, at_least: u32) -> rusqlite::Result<Vec<Regular>> {
    todo!("a condition on a group stands behind the group")
}

/// The sales of every month from `first` to `last`, both included, such as `2025-11` and `2026-02`. Every month is there,
/// in order, also one without any order. The running total begins with `first`. Nothing when `first` is after `last`.
pub fn monthly_sales(
    connection: &Connection,
    first: &str,
    last: &str,
) -> rusqlite::Result<Vec<MonthSales>> {
    todo!("make the months, then join the orders; or fill the gaps in Rust")
}

/// What an order comes to on average, in cents, the fraction dropped. An order without lines counts, and comes to 0. `None`
/// when there are no orders.
pub fn average_order(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    todo!("the sum of all lines, divided by the number of what?")
}

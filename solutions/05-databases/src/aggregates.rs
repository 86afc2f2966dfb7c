//! Aggregates: many rows become one number.
//!
//! Each function here asks one question with one statement, however many months or customers there are. Cancelled orders
//! never count. Money is in cents, and stays a whole number.

use rusqlite::Connection;

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
    connection
        .prepare(
            "SELECT books.id, books.title,
                    sum(order_lines.copies) AS sold,
                    sum(order_lines.copies * order_lines.cents) AS paid
             FROM order_lines
             JOIN orders ON orders.id = order_lines.order_id
             JOIN books ON books.id = order_lines.book_id
             WHERE orders.state <> 'cancelled'
             GROUP BY books.id
             ORDER BY sold DESC, paid DESC, books.title, books.id
             LIMIT ?1",
        )?
        .query_map([count], |row| {
            Ok(BestSeller {
                book_id: row.get(0)?,
                title: row.get(1)?,
                copies: row.get(2)?,
                cents: row.get(3)?,
            })
        })?
        .collect()
}

/// The customers with `at_least` so many orders: most orders first, then by name, then by id. With 0 these are all
/// customers, and who has no order has 0.
pub fn regulars(connection: &Connection, at_least: u32) -> rusqlite::Result<Vec<Regular>> {
    connection
        .prepare(
            "SELECT customers.id, customers.name, count(orders.id) AS placed
             FROM customers
             LEFT JOIN orders
                 ON orders.customer_id = customers.id AND orders.state <> 'cancelled'
             GROUP BY customers.id
             HAVING placed >= ?1
             ORDER BY placed DESC, customers.name, customers.id",
        )?
        .query_map([at_least], |row| {
            Ok(Regular {
                customer_id: row.get(0)?,
                name: row.get(1)?,
                orders: row.get(2)?,
            })
        })?
        .collect()
}

/// The sales of every month from `first` to `last`, both included, such as `2025-11` and `2026-02`. Every month is there,
/// in order, also one without any order. The running total begins with `first`. Nothing when `first` is after `last`.
pub fn monthly_sales(
    connection: &Connection,
    first: &str,
    last: &str,
) -> rusqlite::Result<Vec<MonthSales>> {
    connection
        .prepare(
            "WITH RECURSIVE
                 months (month) AS (
                     SELECT ?1 WHERE ?1 <= ?2
                     UNION ALL
                     SELECT strftime('%Y-%m', month || '-01', '+1 month') FROM months WHERE month < ?2
                 ),
                 totals AS (
                     SELECT substr(orders.placed_on, 1, 7) AS month,
                            count(DISTINCT orders.id) AS placed,
                            sum(order_lines.copies * order_lines.cents) AS cents
                     FROM orders LEFT JOIN order_lines ON order_lines.order_id = orders.id
                     WHERE orders.state <> 'cancelled'
                     GROUP BY 1
                 )
             SELECT months.month, coalesce(placed, 0), coalesce(cents, 0),
                    sum(coalesce(cents, 0)) OVER (ORDER BY months.month)
             FROM months LEFT JOIN totals ON totals.month = months.month
             ORDER BY months.month",
        )?
        .query_map([first, last], |row| {
            Ok(MonthSales {
                month: row.get(0)?,
                orders: row.get(1)?,
                cents: row.get(2)?,
                running_cents: row.get(3)?,
            })
        })?
        .collect()
}

/// What an order comes to on average, in cents, the fraction dropped. An order without lines counts, and comes to 0. `None`
/// when there are no orders.
pub fn average_order(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    connection.query_row(
        "SELECT coalesce(sum(order_lines.copies * order_lines.cents), 0) / count(DISTINCT orders.id)
         FROM orders LEFT JOIN order_lines ON order_lines.order_id = orders.id
         WHERE orders.state <> 'cancelled'",
        [],
        |row| row.get(0),
    )
}

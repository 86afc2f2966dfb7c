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
    connection
        .prepare(
            "SELECT orders.id, customers.name,
                    coalesce(sum(order_lines.copies), 0),
                    coalesce(sum(order_lines.copies * order_lines.cents), 0)
             FROM orders
             JOIN customers ON customers.id = orders.customer_id
             LEFT JOIN order_lines ON order_lines.order_id = orders.id
             GROUP BY orders.id
             ORDER BY orders.id",
        )?
        .query_map([], |row| {
            Ok(OrderTotal {
                order_id: row.get(0)?,
                customer: row.get(1)?,
                copies: row.get(2)?,
                cents: row.get(3)?,
            })
        })?
        .collect()
}

/// How many orders every customer has that are not cancelled, by name, then by id. Nobody is missing: who has none has 0.
pub fn orders_by_customer(connection: &Connection) -> rusqlite::Result<Vec<CustomerOrders>> {
    connection
        .prepare(
            "SELECT customers.id, customers.name, count(orders.id)
             FROM customers
             LEFT JOIN orders
                 ON orders.customer_id = customers.id AND orders.state <> 'cancelled'
             GROUP BY customers.id
             ORDER BY customers.name, customers.id",
        )?
        .query_map([], |row| {
            Ok(CustomerOrders {
                customer_id: row.get(0)?,
                name: row.get(1)?,
                orders: row.get(2)?,
            })
        })?
        .collect()
}

/// All books with all their authors, by title, then by the id of the book. A book without authors has an empty list. A
/// name may contain any character.
///
/// Positions may have gaps, and two authors at one position come by the id of the author.
pub fn catalogue(connection: &Connection) -> rusqlite::Result<Vec<CatalogueEntry>> {
    let mut statement = connection.prepare(
        "SELECT books.id, books.title, authors.name
         FROM books
         LEFT JOIN book_authors ON book_authors.book_id = books.id
         LEFT JOIN authors ON authors.id = book_authors.author_id
         ORDER BY books.title, books.id, book_authors.position, authors.id",
    )?;
    let mut rows = statement.query([])?;
    let mut entries: Vec<CatalogueEntry> = Vec::new();
    while let Some(row) = rows.next()? {
        let book_id = row.get(0)?;
        let author: Option<String> = row.get(2)?;
        match entries.last_mut() {
            Some(entry) if entry.book_id == book_id => entry.authors.extend(author),
            _ => entries.push(CatalogueEntry {
                book_id,
                title: row.get(1)?,
                authors: Vec::from_iter(author),
            }),
        }
    }
    Ok(entries)
}

/// The books that stand in the same orders as this one: those with the most orders in common first, then by title, then by
/// id, and `count` of them at most. The book itself is not one of them, and cancelled orders do not count.
pub fn also_bought(
    connection: &Connection,
    book_id: i64,
    count: u32,
) -> rusqlite::Result<Vec<AlsoBought>> {
    connection
        .prepare(
            "SELECT books.id, books.title, count(*)
             FROM order_lines AS this
             JOIN orders ON orders.id = this.order_id
             JOIN order_lines AS other ON other.order_id = this.order_id
             JOIN books ON books.id = other.book_id
             WHERE this.book_id = ?1 AND other.book_id <> ?1 AND orders.state <> 'cancelled'
             GROUP BY books.id
             ORDER BY count(*) DESC, books.title, books.id
             LIMIT ?2",
        )?
        .query_map(params![book_id, count], |row| {
            Ok(AlsoBought {
                book_id: row.get(0)?,
                title: row.get(1)?,
                orders: row.get(2)?,
            })
        })?
        .collect()
}

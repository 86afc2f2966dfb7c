//! Subqueries in place of groups, and JSON in place of a loop over rows that repeat.

use rusqlite::{Connection, Row, named_params};

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

/// What every order comes to, by the id of the order.
pub fn order_totals(connection: &Connection) -> rusqlite::Result<Vec<OrderTotal>> {
    let mut statement = connection.prepare(
        "SELECT id AS order_id,
                (SELECT name FROM customers WHERE customers.id = customer_id) AS customer,
                ifnull((SELECT sum(copies) FROM order_lines WHERE order_id = orders.id), 0) AS copies,
                ifnull((SELECT sum(cents * copies) FROM order_lines WHERE order_id = orders.id), 0) AS cents
         FROM orders ORDER BY 1",
    )?;
    let total = |row: &Row<'_>| -> rusqlite::Result<OrderTotal> {
        Ok(OrderTotal {
            order_id: row.get("order_id")?,
            customer: row.get("customer")?,
            copies: row.get("copies")?,
            cents: row.get("cents")?,
        })
    };
    statement.query_map([], total)?.collect()
}

/// How many orders every customer has that are not cancelled.
pub fn orders_by_customer(connection: &Connection) -> rusqlite::Result<Vec<CustomerOrders>> {
    let mut statement = connection.prepare(
        "SELECT id, name, (SELECT count(*) FROM orders
                           WHERE customer_id = customers.id AND state IN ('open', 'paid', 'sent'))
         FROM customers ORDER BY name, id",
    )?;
    let mut rows = statement.query([])?;
    let mut customers = vec![];
    while let Some(row) = rows.next()? {
        let (customer_id, name, orders) = (row.get(0)?, row.get(1)?, row.get(2)?);
        customers.push(CustomerOrders {
            customer_id,
            name,
            orders,
        });
    }
    Ok(customers)
}

/// All books with all their authors.
pub fn catalogue(connection: &Connection) -> rusqlite::Result<Vec<CatalogueEntry>> {
    // One row a book and author, and a last one that ends the book.
    let mut statement = connection.prepare(
        "SELECT title, id AS book, 1 AS is_end, NULL AS position, NULL AS author, NULL AS name FROM books
         UNION ALL
         SELECT title, books.id, 0, position, authors.id, name
         FROM books, book_authors, authors
         WHERE books.id = book_id AND authors.id = author_id
         ORDER BY title, book, is_end, position, author",
    )?;
    let mut rows = statement.query([])?;
    let (mut entries, mut authors) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        if row.get("is_end")? {
            entries.push(CatalogueEntry {
                book_id: row.get("book")?,
                title: row.get("title")?,
                authors: std::mem::take(&mut authors),
            });
        } else {
            authors.push(row.get("name")?);
        }
    }
    Ok(entries)
}

/// The books that stand in the same orders as this one.
pub fn also_bought(
    connection: &Connection,
    book_id: i64,
    count: u32,
) -> rusqlite::Result<Vec<AlsoBought>> {
    connection
        .prepare(
            "WITH its (order_id) AS (
                 SELECT order_id FROM order_lines WHERE book_id = :book
                 EXCEPT SELECT id FROM orders WHERE state = 'cancelled'
             )
             SELECT * FROM (
                 SELECT id, title, (SELECT count(*) FROM order_lines
                                    WHERE book_id = books.id AND order_id IN its) AS together
                 FROM books WHERE NOT id = :book
             ) WHERE together > 0 ORDER BY -together, title, id LIMIT :count",
        )?
        .query_map(named_params! { ":book": book_id, ":count": count }, |row| {
            Ok(AlsoBought {
                book_id: row.get("id")?,
                title: row.get("title")?,
                orders: row.get("together")?,
            })
        })?
        .collect()
}

//! Indexes that hold all that a question wants, and plans read as words.

use std::collections::{BTreeSet, HashSet};

use rusqlite::{Connection, ToSql, params_from_iter};

/// The questions that the shop asks all day long. Given.
pub const QUESTIONS: [&str; 7] = [
    // A customer's orders, the newest first.
    "SELECT id, placed_on, state FROM orders WHERE customer_id = ?1 ORDER BY placed_on DESC, id DESC",
    // The orders in one state, such as those to be packed, the oldest first.
    "SELECT id, customer_id FROM orders WHERE state = ?1 ORDER BY placed_on, id",
    // How much was going on between two days.
    "SELECT count(*) FROM orders WHERE placed_on >= ?1 AND placed_on < ?2",
    // Books for a purse, the cheapest first.
    "SELECT id, title, cents FROM books WHERE cents BETWEEN ?1 AND ?2 ORDER BY cents, title, id",
    // Who ordered this book?
    "SELECT order_id, copies FROM order_lines WHERE book_id = ?1",
    // Everything by one author.
    "SELECT books.id, books.title FROM book_authors JOIN books ON books.id = book_authors.book_id
     WHERE book_authors.author_id = ?1",
    // Somebody signs in, in whatever capitals she types her address.
    "SELECT id, name FROM customers WHERE lower(email) = lower(?1)",
];

/// How SQLite would carry out a statement.
pub fn explain(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(&("EXPLAIN QUERY PLAN ".to_owned() + sql))?;
    let nothing: Vec<&dyn ToSql> = vec![&None::<i64>; statement.parameter_count()];
    statement
        .query_map(params_from_iter(nothing), |row| row.get(3))?
        .collect()
}

/// Makes the indexes that `QUESTIONS` need.
pub fn create_indexes(connection: &Connection) -> rusqlite::Result<()> {
    for (name, place) in [
        ("purse", "books (cents, title, id)"),
        ("mine", "orders (customer_id, placed_on, id, state)"),
        ("packing", "orders (state, placed_on, id, customer_id)"),
        ("going on", "orders (placed_on)"),
        ("readers", "order_lines (book_id, order_id, copies)"),
        ("works", "book_authors (author_id, book_id)"),
        ("sign in", "customers (lower(email), name)"),
    ] {
        let sql = format!("CREATE INDEX IF NOT EXISTS \"{name}\" ON {place}");
        connection.execute(&sql, [])?;
    }
    Ok(())
}

/// The names of the indexes that none of these questions uses.
pub fn unused_indexes(
    connection: &Connection,
    questions: &[&str],
) -> rusqlite::Result<Vec<String>> {
    let mut used = HashSet::new();
    for question in questions {
        for step in explain(connection, question)? {
            if let Some(place) = step.find("INDEX ") {
                let rest = &step[place + 6..];
                // Both readings of a name that has a bracket in it.
                used.extend(
                    rest.match_indices(" (")
                        .map(|(end, _)| rest[..end].to_owned()),
                );
                used.insert(rest.to_owned());
            }
        }
    }
    let made: BTreeSet<String> = connection
        .prepare("SELECT name FROM sqlite_master WHERE type = 'index' AND name NOT GLOB 'sqlite_autoindex_*'")?
        .query_map([], |row| row.get("name"))?
        .collect::<rusqlite::Result<_>>()?;
    Ok(made
        .into_iter()
        .filter(|name| !used.contains(name))
        .collect())
}

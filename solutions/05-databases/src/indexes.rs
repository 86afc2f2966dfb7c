//! Indexes: what the database reads to answer, and how to make it read less.
//!
//! A question without an index reads the whole table, and nobody notices while the table is small. SQLite tells you what it
//! would do, without doing it.

use rusqlite::Connection;

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

/// How SQLite would carry out a statement: the texts of its plan, step by step (the column `detail` of `EXPLAIN QUERY PLAN`).
///
/// The statement itself is not run, whatever it is, and its parameters need no values. What is no statement is an error, and so
/// are two of them. A semicolon may end the one, or stand in a text.
pub fn explain(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
    // Parameters that have no value are NULL, and the plan does not depend on them.
    let mut rows = statement.raw_query();
    let mut steps = Vec::new();
    while let Some(row) = rows.next()? {
        steps.push(row.get("detail")?);
    }
    Ok(steps)
}

/// Makes the indexes that `QUESTIONS` need, and no others; those that are there already stay, whoever made them.
///
/// With them, no question reads a whole table or a whole index (SCAN), none sorts (USE TEMP B-TREE), and for none of them
/// SQLite makes an index of its own (AUTOMATIC). Each index is used by one of the questions at least. An index makes answers
/// faster, and nothing else: it refuses no row.
pub fn create_indexes(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch(
        "CREATE INDEX IF NOT EXISTS orders_of_a_customer ON orders (customer_id, placed_on);
         CREATE INDEX IF NOT EXISTS orders_by_state ON orders (state, placed_on);
         CREATE INDEX IF NOT EXISTS orders_by_day ON orders (placed_on);
         CREATE INDEX IF NOT EXISTS books_by_price ON books (cents, title);
         CREATE INDEX IF NOT EXISTS orders_of_a_book ON order_lines (book_id);
         CREATE INDEX IF NOT EXISTS books_of_an_author ON book_authors (author_id);
         CREATE INDEX IF NOT EXISTS customers_by_email ON customers (lower(email));",
    )
}

/// The names of the indexes that none of these questions uses, in alphabetical order. An index that is never used costs time at
/// every change, and room on the disk.
///
/// Only those count that somebody made by CREATE INDEX: SQLite's own, which keep a key or a UNIQUE column unique, have no SQL in
/// `sqlite_schema`. A name may contain spaces, and one name may begin like another.
pub fn unused_indexes(
    connection: &Connection,
    questions: &[&str],
) -> rusqlite::Result<Vec<String>> {
    let mut steps = Vec::new();
    for question in questions {
        steps.extend(explain(connection, question)?);
    }
    let mut unused: Vec<String> = connection
        .prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name",
        )?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    // The name stands behind the word INDEX, and either the step ends there, or its columns follow in brackets.
    unused.retain(|name| {
        !steps.iter().any(|step| {
            step.split_once(" INDEX ").is_some_and(|(_, rest)| {
                rest.strip_prefix(name.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with(" ("))
            })
        })
    });
    Ok(unused)
}

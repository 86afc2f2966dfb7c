//! Tables that are not STRICT: each column checks its own type, and the rules stand behind the columns.

use std::path::Path;

use rusqlite::Connection;

/// The statements that make the tables.
pub const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS books (
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
        isbn TEXT NOT NULL,
        title TEXT NOT NULL,
        series TEXT,
        cents INTEGER NOT NULL,
        stock INTEGER NOT NULL DEFAULT 0,
        UNIQUE (isbn),
        CHECK (typeof(isbn) = 'text' AND octet_length(isbn) = 13),
        CHECK (isbn GLOB '[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]'),
        CHECK (typeof(title) = 'text' AND length(trim(title)) > 0),
        CHECK (series IS NULL OR typeof(series) = 'text' AND ltrim(series) != ''),
        CHECK (typeof(cents) = 'integer' AND cents > -1),
        CHECK (typeof(stock) = 'integer' AND stock BETWEEN 0 AND 9223372036854775807)
    );
    CREATE TABLE IF NOT EXISTS authors (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL CHECK (typeof(name) = 'text' AND name GLOB '*[^ ]*')
    );
    CREATE TABLE IF NOT EXISTS book_authors (
        book_id INTEGER NOT NULL,
        author_id INTEGER NOT NULL,
        position INTEGER NOT NULL CHECK (typeof(position) = 'integer' AND position > 0),
        PRIMARY KEY (book_id, position),
        UNIQUE (author_id, book_id),
        FOREIGN KEY (book_id) REFERENCES books ON DELETE CASCADE,
        FOREIGN KEY (author_id) REFERENCES authors ON DELETE RESTRICT
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS customers (
        id INTEGER PRIMARY KEY,
        email TEXT NOT NULL,
        name TEXT NOT NULL CHECK (typeof(name) = 'text' AND trim(name) <> ''),
        CHECK (typeof(email) = 'text' AND email GLOB '?*@*?')
    );
    CREATE UNIQUE INDEX IF NOT EXISTS one_customer_for_an_email ON customers (lower(email));
    CREATE TABLE IF NOT EXISTS orders (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        customer_id INTEGER NOT NULL REFERENCES customers ON DELETE RESTRICT ON UPDATE RESTRICT,
        placed_on TEXT NOT NULL,
        state TEXT NOT NULL DEFAULT 'open',
        CHECK (typeof(placed_on) = 'text' AND coalesce(strftime('%Y-%m-%d', placed_on), '') = placed_on AND placed_on <> ''),
        CHECK (typeof(state) = 'text' AND (state = 'open' OR state = 'paid' OR state = 'sent' OR state = 'cancelled'))
    );
    CREATE TABLE IF NOT EXISTS order_lines (
        order_id INTEGER NOT NULL REFERENCES orders ON DELETE CASCADE,
        book_id INTEGER NOT NULL REFERENCES books,
        copies INTEGER NOT NULL CHECK (typeof(copies) = 'integer' AND copies > 0),
        cents INTEGER NOT NULL CHECK (typeof(cents) = 'integer' AND NOT cents < 0),
        UNIQUE (book_id, order_id)
    );
";

/// Switches foreign keys on, and makes the tables that are missing.
pub fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA foreign_keys = ON")?;
    for statement in TABLES.split_inclusive(";") {
        connection.execute_batch(statement)?;
    }
    Ok(())
}

/// Opens the shop's database, and prepares it.
pub fn open(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open(path).and_then(|connection| prepare(&connection).map(|()| connection))
}

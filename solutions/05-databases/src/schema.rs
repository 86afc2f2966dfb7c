//! The shop's tables, and what they refuse.
//!
//! Programs come and go, and each has its faults; the tables stay. What a table refuses, no program can store, not even
//! somebody who types SQL by hand. Write the shop's tables so that nonsense does not get in.

use std::path::Path;

use rusqlite::Connection;

/// The statements that make the tables, one `CREATE TABLE IF NOT EXISTS … ;` behind the other.
pub const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS books (
        id     INTEGER PRIMARY KEY,
        -- length() and GLOB stop at a NUL character; the number of bytes does not.
        isbn   TEXT NOT NULL UNIQUE
               CHECK (length(CAST(isbn AS BLOB)) = 13 AND isbn NOT GLOB '*[^0-9]*' AND length(isbn) = 13),
        title  TEXT NOT NULL CHECK (trim(title) <> ''),
        series TEXT CHECK (trim(series) <> ''),
        cents  INTEGER NOT NULL CHECK (cents >= 0),
        stock  INTEGER NOT NULL DEFAULT 0 CHECK (stock >= 0)
    ) STRICT;

    CREATE TABLE IF NOT EXISTS authors (
        id   INTEGER PRIMARY KEY,
        name TEXT NOT NULL CHECK (trim(name) <> '')
    ) STRICT;

    CREATE TABLE IF NOT EXISTS book_authors (
        book_id   INTEGER NOT NULL REFERENCES books (id) ON DELETE CASCADE,
        author_id INTEGER NOT NULL REFERENCES authors (id),
        position  INTEGER NOT NULL CHECK (position >= 1),
        PRIMARY KEY (book_id, author_id),
        UNIQUE (book_id, position)
    ) STRICT;

    CREATE TABLE IF NOT EXISTS customers (
        id    INTEGER PRIMARY KEY,
        email TEXT NOT NULL COLLATE NOCASE UNIQUE CHECK (email LIKE '_%@%_'),
        name  TEXT NOT NULL CHECK (trim(name) <> '')
    ) STRICT;

    CREATE TABLE IF NOT EXISTS orders (
        id          INTEGER PRIMARY KEY AUTOINCREMENT,
        customer_id INTEGER NOT NULL REFERENCES customers (id),
        -- IS and not =: date() of what is no day is NULL, and a CHECK that comes to NULL lets the row in.
        placed_on   TEXT NOT NULL CHECK (placed_on IS date(placed_on)),
        state       TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'paid', 'sent', 'cancelled'))
    ) STRICT;

    CREATE TABLE IF NOT EXISTS order_lines (
        order_id INTEGER NOT NULL REFERENCES orders (id) ON DELETE CASCADE,
        book_id  INTEGER NOT NULL REFERENCES books (id),
        copies   INTEGER NOT NULL CHECK (copies >= 1),
        cents    INTEGER NOT NULL CHECK (cents >= 0),
        PRIMARY KEY (order_id, book_id)
    ) STRICT;
";

/// Switches foreign keys on for this connection, and makes the tables that are missing. What is in the tables stays.
pub fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.execute_batch(TABLES)
}

/// Opens the shop's database, and prepares it. The file is made when there is none; its folder must be there, and is not made.
pub fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    prepare(&connection)?;
    Ok(connection)
}

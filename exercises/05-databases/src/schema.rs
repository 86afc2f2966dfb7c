//! The shop's tables, and what they refuse.
//!
//! Programs come and go, and each has its faults; the tables stay. What a table refuses, no program can store, not even
//! somebody who types SQL by hand. Write the shop's tables so that nonsense does not get in.

use std::path::Path;

use rusqlite::Connection;

/// The statements that make the tables, one `CREATE TABLE IF NOT EXISTS … ;` behind the other.
///
/// Six tables, with these names and columns and no others. Numbers are whole numbers (INTEGER), all else is TEXT. Only `series` may
/// be NULL. "Not blank" means that a text has a character other than a space. What is not said to be unique may stand twice.
///
/// | table | column | what goes in |
/// | --- | --- | --- |
/// | `books` | `id` | the key, given by SQLite |
/// | | `isbn` | exactly 13 of the digits 0 to 9 and nothing behind them; no two books have the same |
/// | | `title` | not blank |
/// | | `series` | NULL, or a text that is not blank |
/// | | `cents` | 0 or more |
/// | | `stock` | 0 or more; 0 when nothing is said |
/// | `authors` | `id` | the key, given by SQLite |
/// | | `name` | not blank |
/// | `book_authors` | `book_id` | a book; when the book is deleted, this row goes with it |
/// | | `author_id` | an author, who cannot be deleted while this row is there |
/// | | `position` | 1 or more; a book has each position once, and each author once |
/// | `customers` | `id` | the key, given by SQLite |
/// | | `email` | has an `@` with something on both sides; no two are the same, capital or small ASCII letters |
/// | | `name` | not blank |
/// | `orders` | `id` | the key, given by SQLite; never given twice, even when the newest order was deleted |
/// | | `customer_id` | a customer, who cannot be deleted while this row is there |
/// | | `placed_on` | a day of the calendar, such as `2026-11-25`, in exactly this form |
/// | | `state` | `open`, `paid`, `sent` or `cancelled`; `open` when nothing is said |
/// | `order_lines` | `order_id` | an order; when the order is deleted, this row goes with it |
/// | | `book_id` | a book, which cannot be deleted while this row is there |
/// | | `copies` | 1 or more |
/// | | `cents` | 0 or more |
/// | | | an order has each book in one line at most |
pub const TABLES: &str = "";

/// Switches foreign keys on for this connection, and makes the tables that are missing. What is in the tables stays.
pub fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    todo!("one pragma, and all of `TABLES`")
}

/// Opens the shop's database, and prepares it. The file is made when there is none; its folder must be there, and is not made.
pub fn open(path: &Path) -> rusqlite::Result<Connection> {
    todo!("two steps")
}

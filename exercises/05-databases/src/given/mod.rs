//! What the exercises hand to each other. Given: read it, there is nothing to write in it.

use rusqlite::Row;

/// The shop's tables, with nothing but columns, keys and references.
///
/// Every exercise but `schema` works on these, so that none has to wait for yours. They refuse very little; what tables
/// can refuse beyond that is the exercise `schema`, which makes tables of the same names and columns.
pub const PLAIN_TABLES: &str = include_str!("plain_tables.sql");

/// A book of the catalogue, as it stands in the table `books`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Book {
    pub id: i64,
    pub isbn: String,
    pub title: String,
    /// The series that it belongs to; `None` (in the table: NULL) when it stands alone.
    pub series: Option<String>,
    /// What one copy costs, in cents.
    pub cents: u32,
    /// How many copies lie in the stockroom.
    pub stock: u32,
}

/// A book that is not in the table yet, and so has no id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBook {
    pub isbn: String,
    pub title: String,
    pub series: Option<String>,
    pub cents: u32,
    pub stock: u32,
}

/// Reads a row that has the columns `id, isbn, title, series, cents, stock`, in any order.
///
/// # Errors
///
/// When a column is missing, or when its value does not fit the field, such as -1 in `cents`.
pub fn book_of(row: &Row<'_>) -> rusqlite::Result<Book> {
    Ok(Book {
        id: row.get("id")?,
        isbn: row.get("isbn")?,
        title: row.get("title")?,
        series: row.get("series")?,
        cents: row.get("cents")?,
        stock: row.get("stock")?,
    })
}

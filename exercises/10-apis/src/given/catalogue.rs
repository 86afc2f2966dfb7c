//! The catalogue in SQLite.

use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rusqlite::Row;
use serde::Serialize;

/// The table. `cost_cents` is what Lantern pays for a book: no partner is to see it, or to learn anything about it.
pub const TABLES: &str = "
    CREATE TABLE titles (
        isbn TEXT PRIMARY KEY,
        title TEXT NOT NULL,
        author TEXT NOT NULL,
        language TEXT NOT NULL,
        price_cents INTEGER NOT NULL,
        published INTEGER NOT NULL,
        in_stock INTEGER NOT NULL CHECK (in_stock IN (0, 1)),
        cost_cents INTEGER NOT NULL
    ) STRICT;
";

/// The columns that partners see, for a `SELECT`.
pub const COLUMNS: &str = "isbn, title, author, language, price_cents, published, in_stock";

/// A book of the catalogue, as partners see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Title {
    pub isbn: String,
    pub title: String,
    pub author: String,
    /// A code of two small letters, such as `de`.
    pub language: String,
    pub price_cents: u32,
    /// The year.
    pub published: i64,
    pub in_stock: bool,
}

/// Reads a row that has [`COLUMNS`].
///
/// # Errors
///
/// SQLite's.
pub fn title_of(row: &Row<'_>) -> rusqlite::Result<Title> {
    Ok(Title {
        isbn: row.get("isbn")?,
        title: row.get("title")?,
        author: row.get("author")?,
        language: row.get("language")?,
        price_cents: row.get("price_cents")?,
        published: row.get("published")?,
        in_stock: row.get("in_stock")?,
    })
}

/// A parameter that cannot be used, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refused {
    /// The name, as it came.
    pub parameter: String,
    /// A sentence that says what would be right.
    pub detail: String,
}

/// The answer to a query that cannot be used: 400, and problem details that name every parameter.
pub fn refused(errors: &[Refused]) -> Response {
    #[derive(Serialize)]
    struct Problem<'a> {
        r#type: &'static str,
        title: &'static str,
        status: u16,
        errors: &'a [Refused],
    }
    let status = StatusCode::BAD_REQUEST;
    let problem = Problem {
        r#type: "https://lantern.example/problems/faulty-query",
        title: "Some parameters need another look",
        status: status.as_u16(),
        errors,
    };
    let kind = [(header::CONTENT_TYPE, "application/problem+json")];
    (status, kind, Json(problem)).into_response()
}

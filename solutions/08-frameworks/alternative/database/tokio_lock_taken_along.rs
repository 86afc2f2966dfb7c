//! Differs: tokio's lock is waited for without a thread and its owned guard goes along; rows are read by hand; a missing row is an `Option`.

use std::sync::Arc;

use tokio::sync::Mutex;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use rusqlite::{Connection, Row, ffi, params};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// The table that the handlers use. Given.
pub const SCHEMA: &str = "
    CREATE TABLE books (
        isbn   TEXT PRIMARY KEY NOT NULL,
        title  TEXT NOT NULL,
        author TEXT NOT NULL,
        cents  INTEGER NOT NULL
    ) STRICT;
";

/// A book, as it stands in the table and in JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    pub isbn: String,
    pub title: String,
    pub author: String,
    pub cents: u32,
}

/// How a request to this service fails, and how that looks from outside. Given.
#[derive(Debug)]
pub enum ServiceError {
    /// 404: there is no such book.
    NotFound,
    /// 409: a key that must be unique is taken.
    Conflict,
    /// 500: SQLite failed in a way that is not the client's affair.
    Database(rusqlite::Error),
    /// 500: the work panicked and has no result.
    Panicked,
}

impl IntoResponse for ServiceError {
    fn into_response(self) -> Response {
        let (status, message) = match self {
            Self::NotFound => (StatusCode::NOT_FOUND, "no such book"),
            Self::Conflict => (StatusCode::CONFLICT, "this ISBN is taken"),
            Self::Database(_) | Self::Panicked => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "something went wrong on our side",
            ),
        };
        (status, Json(json!({ "error": message }))).into_response()
    }
}

/// Translates what SQLite says.
///
/// | rusqlite's error | becomes |
/// | --- | --- |
/// | `QueryReturnedNoRows` | `NotFound` |
/// | a primary key or a unique column that is taken (the extended codes `SQLITE_CONSTRAINT_PRIMARYKEY` and `SQLITE_CONSTRAINT_UNIQUE` in `rusqlite::ffi`) | `Conflict` |
/// | anything else, other constraints included | `Database` |
impl From<rusqlite::Error> for ServiceError {
    fn from(error: rusqlite::Error) -> Self {
        let is_taken = error.sqlite_error().is_some_and(|reason| {
            [
                ffi::SQLITE_CONSTRAINT_PRIMARYKEY,
                ffi::SQLITE_CONSTRAINT_UNIQUE,
            ]
            .contains(&reason.extended_code)
        });
        match error {
            rusqlite::Error::QueryReturnedNoRows => Self::NotFound,
            _ if is_taken => Self::Conflict,
            error => Self::Database(error),
        }
    }
}

/// The service's one connection. A clone is the same connection.
#[derive(Debug, Clone)]
pub struct Database {
    connection: Arc<Mutex<Connection>>,
}

impl Database {
    /// Takes a connection whose tables exist already. Given.
    pub fn new(connection: Connection) -> Self {
        Self {
            connection: Arc::new(Mutex::new(connection)),
        }
    }

    /// Lets `work` have the connection, on a thread that may wait, and gives back what it returns.
    ///
    /// - Neither the wait for the connection nor the work itself may hold up the calling thread.
    /// - An error of the work is translated by `From`.
    /// - Work that panics is `ServiceError::Panicked`, for its own caller only: the next call finds a connection that
    ///   works.
    pub async fn run<T, F>(&self, work: F) -> Result<T, ServiceError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        // This lock knows no poison, so a panic leaves nothing to mend.
        let mut connection = Arc::clone(&self.connection).lock_owned().await;
        match tokio::task::spawn_blocking(move || work(&mut connection)).await {
            Ok(result) => result.map_err(ServiceError::from),
            Err(_) => Err(ServiceError::Panicked),
        }
    }
}

/// The catalogue. Given.
pub fn router(database: Database) -> Router {
    Router::new()
        .route("/books", get(list_books).post(add_book))
        .route("/books/{isbn}", get(show_book))
        .route("/books/{isbn}/price", put(set_price))
        .with_state(database)
}

/// The query of `GET /books?author=Jane+Austen`.
#[derive(Debug, Deserialize)]
struct ByAuthor {
    author: String,
}

/// The body of `PUT /books/{isbn}/price`.
#[derive(Debug, Deserialize)]
struct Price {
    cents: u32,
}

/// `GET /books?author=…`: the books of exactly this author, ordered by title; `[]` if there are none.
async fn list_books(
    State(database): State<Database>,
    Query(ByAuthor { author }): Query<ByAuthor>,
) -> Result<Json<Vec<Book>>, ServiceError> {
    let books = database
        .run(move |connection| {
            let mut statement = connection.prepare(
                "SELECT isbn, title, author, cents FROM books WHERE author = ?1 ORDER BY title",
            )?;
            let mut rows = statement.query([author])?;
            let mut books = Vec::new();
            while let Some(row) = rows.next()? {
                books.push(book_of(row)?);
            }
            Ok(books)
        })
        .await?;
    Ok(Json(books))
}

/// `POST /books`: adds the book; 201 and the book, or `Conflict` if its ISBN is taken.
async fn add_book(
    State(database): State<Database>,
    Json(book): Json<Book>,
) -> Result<(StatusCode, Json<Book>), ServiceError> {
    let added = database
        .run(move |connection| {
            connection.execute(
                "INSERT INTO books (isbn, title, author, cents) VALUES (?1, ?2, ?3, ?4)",
                params![book.isbn, book.title, book.author, book.cents],
            )?;
            Ok(book)
        })
        .await?;
    Ok((StatusCode::CREATED, Json(added)))
}

/// `GET /books/{isbn}`: the book, or `NotFound`.
async fn show_book(
    State(database): State<Database>,
    Path(isbn): Path<String>,
) -> Result<Json<Book>, ServiceError> {
    let book = database
        .run(move |connection| {
            use rusqlite::OptionalExtension;
            connection
                .query_row(
                    "SELECT isbn, title, author, cents FROM books WHERE isbn = ?1",
                    [isbn],
                    book_of,
                )
                .optional()
        })
        .await?;
    book.map(Json).ok_or(ServiceError::NotFound)
}

/// `PUT /books/{isbn}/price`: sets the price of this one book; 204, or `NotFound` if there is no such book.
async fn set_price(
    State(database): State<Database>,
    Path(isbn): Path<String>,
    Json(Price { cents }): Json<Price>,
) -> Result<StatusCode, ServiceError> {
    let changed = database
        .run(move |connection| {
            connection.execute(
                "UPDATE books SET cents = ?1 WHERE isbn = ?2",
                params![cents, isbn],
            )
        })
        .await?;
    // An update that finds nothing is no error to SQLite: it changes 0 rows.
    if changed == 0 {
        return Err(ServiceError::NotFound);
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Reads a row with the columns isbn, title, author, cents. Given.
fn book_of(row: &Row<'_>) -> rusqlite::Result<Book> {
    Ok(Book {
        isbn: row.get("isbn")?,
        title: row.get("title")?,
        author: row.get("author")?,
        cents: row.get("cents")?,
    })
}

//! Caught by: nothing_internal_leaks
//! Why it tempts: the error has a text, and a text in the answer makes testing easy.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// A book of the catalogue, also as clients send it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    pub isbn: String,
    pub title: String,
    pub cents: u64,
}

/// What the store reports. Given.
#[derive(Debug)]
pub enum StoreError {
    /// There is a book with this ISBN already.
    Duplicate,
    /// The store itself does not work. `source()` says why.
    Failed { file: String, cause: io::Error },
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Duplicate => f.write_str("the ISBN is taken"),
            Self::Failed { file, .. } => write!(f, "the store in {file} failed"),
        }
    }
}

impl Error for StoreError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Duplicate => None,
            Self::Failed { cause, .. } => Some(cause),
        }
    }
}

/// The books. A clone is the same store. Given.
#[derive(Debug, Clone, Default)]
pub struct Store {
    books: Arc<Mutex<HashMap<String, Book>>>,
    broken: Option<(String, String)>,
}

impl Store {
    /// A store whose every call fails: for tests.
    pub fn broken(file: &str, reason: &str) -> Self {
        Self {
            books: Arc::default(),
            broken: Some((file.to_owned(), reason.to_owned())),
        }
    }

    /// The book with this ISBN, if there is one.
    pub fn find(&self, isbn: &str) -> Result<Option<Book>, StoreError> {
        self.check()?;
        let books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(books.get(isbn).cloned())
    }

    /// Adds a book, unless its ISBN is taken.
    pub fn add(&self, book: Book) -> Result<(), StoreError> {
        self.check()?;
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        if books.contains_key(&book.isbn) {
            return Err(StoreError::Duplicate);
        }
        books.insert(book.isbn.clone(), book);
        Ok(())
    }

    fn check(&self) -> Result<(), StoreError> {
        match &self.broken {
            None => Ok(()),
            Some((file, reason)) => Err(StoreError::Failed {
                file: file.clone(),
                cause: io::Error::other(reason.clone()),
            }),
        }
    }
}

/// What an answer carries for the operator's eyes only, among its extensions: they travel with it inside the service
/// and are never sent. Given.
#[derive(Debug, Clone)]
pub struct Details(pub String);

/// The operator's log: the [`Details`] of every answer that had some. A clone is the same log. Given.
#[derive(Debug, Clone, Default)]
pub struct ErrorLog {
    lines: Arc<Mutex<Vec<String>>>,
}

impl ErrorLog {
    /// What was logged so far.
    pub fn lines(&self) -> Vec<String> {
        self.lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

async fn log_details(State(log): State<ErrorLog>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if let Some(Details(text)) = response.extensions().get::<Details>() {
        let mut lines = log.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(text.clone());
    }
    response
}

/// Every way in which a request to this service can fail.
///
/// The answer is always `{"error": {"code": "…", "message": "…"}}`:
///
/// | variant | status | code | message |
/// | --- | --- | --- | --- |
/// | `NotFound { what: "book" }` | 404 | `not_found` | `no such book` |
/// | `Conflict` | 409 | `conflict` | `this ISBN is taken` |
/// | `Invalid { field: "title", reason: "must not be empty" }` | 422 | `invalid` | `title: must not be empty` |
/// | `Body(rejection)` | the rejection's own `status()` | `bad_body` | the rejection's own `body_text()` |
/// | `Internal(error)` | 500 | `internal` | `something went wrong on our side` |
///
/// `Internal` says nothing else to the client, in no part of the answer. Its answer carries [`Details`]: the error's
/// text and the text of each `source()` below it, joined with `": "`. The other variants carry none: a client's mistake
/// wakes nobody.
#[derive(Debug)]
pub enum ServiceError {
    NotFound {
        what: &'static str,
    },
    Conflict,
    Invalid {
        field: &'static str,
        reason: &'static str,
    },
    Body(JsonRejection),
    Internal(Box<dyn Error + Send + Sync>),
}

/// A duplicate is the client's conflict; a failure of the store is internal.
impl From<StoreError> for ServiceError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Duplicate => Self::Conflict,
            StoreError::Failed { .. } => Self::Internal(Box::new(error)),
        }
    }
}

impl From<JsonRejection> for ServiceError {
    fn from(rejection: JsonRejection) -> Self {
        Self::Body(rejection)
    }
}

impl IntoResponse for ServiceError {
    fn into_response(self) -> Response {
        match self {
            Self::NotFound { what } => {
                let message = format!("no such {what}");
                answer(StatusCode::NOT_FOUND, "not_found", &message)
            }
            Self::Conflict => answer(StatusCode::CONFLICT, "conflict", "this ISBN is taken"),
            Self::Invalid { field, reason } => {
                let message = format!("{field}: {reason}");
                answer(StatusCode::UNPROCESSABLE_ENTITY, "invalid", &message)
            }
            Self::Body(rejection) => answer(rejection.status(), "bad_body", &rejection.body_text()),
            Self::Internal(error) => {
                let message = error.to_string();
                let mut response = answer(StatusCode::INTERNAL_SERVER_ERROR, "internal", &message);
                response.extensions_mut().insert(details(&*error));
                response
            }
        }
    }
}

fn answer(status: StatusCode, code: &str, message: &str) -> Response {
    let body = json!({ "error": { "code": code, "message": message } });
    (status, Json(body)).into_response()
}

/// The whole chain: an outer error often says only that something failed, and its source says what.
fn details(error: &(dyn Error + 'static)) -> Details {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        source = inner.source();
    }
    Details(text)
}

/// The catalogue. Given.
pub fn router(store: Store, log: ErrorLog) -> Router {
    Router::new()
        .route("/books", post(add_book))
        .route("/books/{isbn}", get(show_book))
        .fallback(async || ServiceError::NotFound { what: "page" })
        .layer(from_fn_with_state(log, log_details))
        .with_state(store)
}

/// `GET /books/{isbn}`: the book, or `NotFound { what: "book" }`.
async fn show_book(
    State(store): State<Store>,
    Path(isbn): Path<String>,
) -> Result<Json<Book>, ServiceError> {
    let book = store.find(&isbn)?;
    book.map(Json)
        .ok_or(ServiceError::NotFound { what: "book" })
}

/// `POST /books`: adds the book and answers with 201 and the book.
///
/// A body that axum refuses arrives here as an `Err`, so that this service can word the answer. A title without
/// anything but white space is `Invalid` (`must not be empty`), then a price of 0 cents is (`must be above 0`).
async fn add_book(
    State(store): State<Store>,
    body: Result<Json<Book>, JsonRejection>,
) -> Result<(StatusCode, Json<Book>), ServiceError> {
    let Json(book) = body?;
    if book.title.trim().is_empty() {
        return Err(invalid("title", "must not be empty"));
    }
    if book.cents == 0 {
        return Err(invalid("cents", "must be above 0"));
    }
    store.add(book.clone())?;
    Ok((StatusCode::CREATED, Json(book)))
}

fn invalid(field: &'static str, reason: &'static str) -> ServiceError {
    ServiceError::Invalid { field, reason }
}

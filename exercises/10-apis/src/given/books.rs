//! Books, and the shelf that holds them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::extract::{FromRequestParts, Path};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::{Deserialize, Serialize};

/// Thirteen digits, of which the last one checks the others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Isbn(String);

/// A text that is no ISBN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoIsbn;

impl fmt::Display for NoIsbn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an ISBN has thirteen digits, and the last one checks the others")
    }
}

impl std::error::Error for NoIsbn {}

impl TryFrom<String> for Isbn {
    type Error = NoIsbn;

    fn try_from(text: String) -> Result<Self, NoIsbn> {
        if text.len() != 13 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NoIsbn);
        }
        let weights = [1, 3].into_iter().cycle();
        let digits = text.bytes().map(|byte| u32::from(byte - b'0'));
        let sum: u32 = digits
            .zip(weights)
            .map(|(digit, weight)| digit * weight)
            .sum();
        if sum.is_multiple_of(10) {
            Ok(Self(text))
        } else {
            Err(NoIsbn)
        }
    }
}

impl Isbn {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Isbn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The `{isbn}` of a path. What is no ISBN is the address of nothing: 404.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IsbnPath(pub Isbn);

impl<S: Send + Sync> FromRequestParts<S> for IsbnPath {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, StatusCode> {
        match Path::<Isbn>::from_request_parts(parts, state).await {
            Ok(Path(isbn)) => Ok(Self(isbn)),
            Err(_) => Err(StatusCode::NOT_FOUND),
        }
    }
}

/// Everything about a book but its ISBN: what `PUT` takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Details {
    pub title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<String>,
    pub price_cents: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
}

/// How large a book is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    pub height_mm: u32,
    pub width_mm: u32,
}

/// A book, also as `POST` takes it. Its fields are those of [`Details`], and `isbn`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Book {
    pub isbn: Isbn,
    pub title: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subtitle: Option<String>,
    pub price_cents: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<Size>,
}

impl Book {
    /// A book of an ISBN and the rest.
    pub fn new(isbn: Isbn, details: Details) -> Self {
        Self {
            isbn,
            title: details.title,
            subtitle: details.subtitle,
            price_cents: details.price_cents,
            size: details.size,
        }
    }
}

/// The shelf has a book of this ISBN already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken;

/// What others do.
type Deed = Box<dyn FnOnce(&Shelf) + Send>;

/// The books, by their ISBN. Every function is one step: nobody else comes in between.
#[derive(Default)]
pub struct Shelf {
    books: Mutex<BTreeMap<Isbn, Book>>,
    meanwhile: Mutex<Option<Deed>>,
}

impl Shelf {
    /// All books, in the order of their ISBN.
    pub fn all(&self) -> Vec<Book> {
        self.books().values().cloned().collect()
    }

    /// The book, if it is there.
    pub fn find(&self, isbn: &Isbn) -> Option<Book> {
        let found = self.books().get(isbn).cloned();
        let deed = self
            .meanwhile
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(deed) = deed {
            deed(self);
        }
        found
    }

    /// Adds a book whose ISBN is not there yet.
    ///
    /// # Errors
    ///
    /// `Taken`, and nothing is changed.
    pub fn add(&self, book: Book) -> Result<(), Taken> {
        let mut books = self.books();
        if books.contains_key(&book.isbn) {
            return Err(Taken);
        }
        books.insert(book.isbn.clone(), book);
        Ok(())
    }

    /// Puts the book in the place of the one with its ISBN. Says whether there was none before.
    pub fn put(&self, book: Book) -> bool {
        self.books().insert(book.isbn.clone(), book).is_none()
    }

    /// Makes another book out of the one that is there, or leaves it when `change` has an error. `None`: there is none.
    pub fn change<E>(
        &self,
        isbn: &Isbn,
        change: impl FnOnce(&Book) -> Result<Book, E>,
    ) -> Option<Result<Book, E>> {
        let mut books = self.books();
        let book = books.get_mut(isbn)?;
        Some(change(book).inspect(|changed| book.clone_from(changed)))
    }

    /// Takes the book away. Says whether it was there.
    pub fn remove(&self, isbn: &Isbn) -> bool {
        self.books().remove(isbn).is_some()
    }

    /// What others do right after the next [`Shelf::find`]. Tests use it: it makes the rare moment certain.
    pub fn meanwhile(&self, deed: impl FnOnce(&Shelf) + Send + 'static) {
        *self
            .meanwhile
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(Box::new(deed));
    }

    fn books(&self) -> MutexGuard<'_, BTreeMap<Isbn, Book>> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The books as a table: one line for the names of the columns, one for each book.
pub fn csv(books: &[Book]) -> String {
    let mut text = String::from("isbn,title,price_cents\r\n");
    for book in books {
        let title = book.title.replace('"', "\"\"");
        text.push_str(&format!(
            "{},\"{title}\",{}\r\n",
            book.isbn, book.price_cents
        ));
    }
    text
}

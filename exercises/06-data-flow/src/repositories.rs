//! Repositories: one trait between the shop and its data.
//!
//! What the shop does with books is said once, in words of the shop, and kept by two stores: one in a database, and one in
//! memory, for tests and for trying things out. Nobody above the trait can tell them apart.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use rusqlite::{Connection, OptionalExtension, Row, ffi, params};

/// A book that is in a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Book {
    pub id: i64,
    pub isbn: String,
    pub title: String,
    pub cents: u32,
    pub stock: u32,
}

/// A book that is not in the store yet, and so has no id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewBook {
    pub isbn: String,
    pub title: String,
    pub cents: u32,
    pub stock: u32,
}

/// Why a store did not do what it was asked for. It does not say what kind of store it is.
#[derive(Debug)]
pub enum StoreError {
    /// Another book has this ISBN.
    IsbnTaken,
    /// There would be more than `u32::MAX` copies.
    TooMany,
    /// The store is broken, or cannot be reached.
    Failed(Box<dyn Error + Send + Sync>),
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IsbnTaken => write!(f, "another book has this ISBN"),
            Self::TooMany => write!(f, "there are too many copies"),
            Self::Failed(error) => write!(f, "the store has failed: {error}"),
        }
    }
}

impl Error for StoreError {}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(Box::new(error))
    }
}

/// What the shop can do with its books, whatever they are kept in. After an error nothing has changed.
pub trait Books {
    /// Adds a book as it is, and returns its id: above 0, and larger than every id that was ever given, those of removed books
    /// too. An ISBN that is there is `IsbnTaken`.
    fn add(&mut self, book: &NewBook) -> Result<i64, StoreError>;

    /// The book with exactly this ISBN. (The same is meant wherever an ISBN is given.)
    fn by_isbn(&self, isbn: &str) -> Result<Option<Book>, StoreError>;

    /// The books whose title has this text in it, capital and small ASCII letters being the same: ordered by the bytes of the
    /// title, then by id, and `limit` at most. The empty text is in every title; no sign has a meaning.
    fn find(&self, part: &str, limit: u32) -> Result<Vec<Book>, StoreError>;

    /// The books with an id above `after`, in the order of the ids, `limit` at most. It may be fewer; none means that nothing is
    /// behind.
    fn page(&self, after: i64, limit: u32) -> Result<Vec<Book>, StoreError>;

    /// Takes copies out, and returns how many are left. Without such a book, or with fewer copies, nothing changes, and the
    /// answer is `None`.
    fn take(&mut self, isbn: &str, copies: u32) -> Result<Option<u32>, StoreError>;

    /// Puts copies in, and returns how many there are. Without such a book the answer is `None`. More than `u32::MAX` are
    /// `TooMany`.
    fn put(&mut self, isbn: &str, copies: u32) -> Result<Option<u32>, StoreError>;

    /// Removes a book, and says whether it was there.
    fn remove(&mut self, isbn: &str) -> Result<bool, StoreError>;
}

/// Books in memory. They are gone when it is dropped.
#[derive(Debug, Default)]
pub struct MemoryBooks {
    /// By id.
    books: BTreeMap<i64, Book>,
    last_id: i64,
}

impl MemoryBooks {
    /// A store with nothing in it.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Books for MemoryBooks {
    fn add(&mut self, book: &NewBook) -> Result<i64, StoreError> {
        todo!("is the ISBN there? then the next id")
    }

    fn by_isbn(&self, isbn: &str) -> Result<Option<Book>, StoreError> {
        todo!("look at all of them")
    }

    fn find(&self, part: &str, limit: u32) -> Result<Vec<Book>, StoreError> {
        todo!("filter, sort, truncate")
    }

    fn page(&self, after: i64, limit: u32) -> Result<Vec<Book>, StoreError> {
        todo!("those behind")
    }

    fn take(&mut self, isbn: &str, copies: u32) -> Result<Option<u32>, StoreError> {
        todo!("enough of them?")
    }

    fn put(&mut self, isbn: &str, copies: u32) -> Result<Option<u32>, StoreError> {
        todo!("do they fit?")
    }

    fn remove(&mut self, isbn: &str) -> Result<bool, StoreError> {
        todo!("was it there?")
    }
}

/// Books in a table of a SQLite database.
#[derive(Debug)]
pub struct SqliteBooks {
    connection: Connection,
}

impl SqliteBooks {
    /// The store behind a connection. Its table `catalogue` is made when it is missing; what is in it stays.
    pub fn new(connection: Connection) -> Result<Self, StoreError> {
        todo!("make the table when it is missing")
    }
}

impl Books for SqliteBooks {
    fn add(&mut self, book: &NewBook) -> Result<i64, StoreError> {
        todo!("one INSERT; which constraint was it?")
    }

    fn by_isbn(&self, isbn: &str) -> Result<Option<Book>, StoreError> {
        todo!("one or none")
    }

    fn find(&self, part: &str, limit: u32) -> Result<Vec<Book>, StoreError> {
        todo!("instr, ORDER BY, LIMIT")
    }

    fn page(&self, after: i64, limit: u32) -> Result<Vec<Book>, StoreError> {
        todo!("WHERE, ORDER BY, LIMIT")
    }

    fn take(&mut self, isbn: &str, copies: u32) -> Result<Option<u32>, StoreError> {
        todo!("one UPDATE with a condition")
    }

    fn put(&mut self, isbn: &str, copies: u32) -> Result<Option<u32>, StoreError> {
        todo!("one UPDATE; the table knows how many fit")
    }

    fn remove(&mut self, isbn: &str) -> Result<bool, StoreError> {
        todo!("one DELETE; how many rows?")
    }
}

/// How many books [`low_stock`] holds at a time.
pub const PAGE: u32 = 100;

/// The ISBNs of the books with fewer copies than `below`, in the order of the ids.
///
/// It knows the trait only. It asks for one page of [`PAGE`] books after the other, until one is empty, so that a catalogue of any size fits into memory. An error of the store is its error.
pub fn low_stock(books: &dyn Books, below: u32) -> Result<Vec<String>, StoreError> {
    todo!("page after page, until one is empty")
}

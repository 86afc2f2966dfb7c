//! The store in memory is a plain list, the table has rules of its own, and loops do the work.

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
    /// Adds a book as it is, and returns its id: larger than every id that was ever given, those of removed books too. An
    /// ISBN that is there is `IsbnTaken`.
    fn add(&mut self, book: &NewBook) -> Result<i64, StoreError>;

    /// The book with exactly this ISBN.
    fn by_isbn(&self, isbn: &str) -> Result<Option<Book>, StoreError>;

    /// The books whose title has this text in it, capital and small ASCII letters being the same: ordered by the bytes of the
    /// title, then by id, and `limit` at most. The empty text is in every title; no sign has a meaning.
    fn find(&self, part: &str, limit: u32) -> Result<Vec<Book>, StoreError>;

    /// The books with an id above `after`, in the order of the ids, `limit` at most.
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

/// Books in memory, in the order of their ids.
#[derive(Debug, Default)]
pub struct MemoryBooks {
    books: Vec<Book>,
    given: i64,
}

impl MemoryBooks {
    /// A store with nothing in it.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Books for MemoryBooks {
    fn add(&mut self, book: &NewBook) -> Result<i64, StoreError> {
        match self.by_isbn(&book.isbn)? {
            Some(_) => Err(StoreError::IsbnTaken),
            None => {
                self.given += 10;
                self.books.push(Book {
                    id: self.given,
                    isbn: book.isbn.clone(),
                    title: book.title.clone(),
                    cents: book.cents,
                    stock: book.stock,
                });
                Ok(self.given)
            }
        }
    }

    fn by_isbn(&self, isbn: &str) -> Result<Option<Book>, StoreError> {
        for book in &self.books {
            if book.isbn == isbn {
                return Ok(Some(book.clone()));
            }
        }
        Ok(None)
    }

    fn find(&self, part: &str, limit: u32) -> Result<Vec<Book>, StoreError> {
        let mut found = self.books.clone();
        found.retain(|book| {
            book.title
                .to_ascii_lowercase()
                .contains(&part.to_ascii_lowercase())
        });
        found.sort_unstable_by_key(|book| (book.title.clone(), book.id));
        Ok(found.into_iter().take(limit as usize).collect())
    }

    fn page(&self, after: i64, limit: u32) -> Result<Vec<Book>, StoreError> {
        let start = self.books.partition_point(|book| book.id <= after);
        let end = self.books.len().min(start + limit as usize);
        Ok(self.books[start..end].to_vec())
    }

    fn take(&mut self, isbn: &str, copies: u32) -> Result<Option<u32>, StoreError> {
        for book in &mut self.books {
            if book.isbn == isbn && book.stock >= copies {
                book.stock -= copies;
                return Ok(Some(book.stock));
            }
        }
        Ok(None)
    }

    fn put(&mut self, isbn: &str, copies: u32) -> Result<Option<u32>, StoreError> {
        for book in &mut self.books {
            if book.isbn == isbn {
                if u64::from(book.stock) + u64::from(copies) > u64::from(u32::MAX) {
                    return Err(StoreError::TooMany);
                }
                book.stock += copies;
                return Ok(Some(book.stock));
            }
        }
        Ok(None)
    }

    fn remove(&mut self, isbn: &str) -> Result<bool, StoreError> {
        let place = self.books.iter().position(|book| book.isbn == isbn);
        Ok(place.map(|place| self.books.remove(place)).is_some())
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
        connection.execute_batch(
            "CREATE TABLE IF NOT EXISTS catalogue (
                 id    INTEGER PRIMARY KEY AUTOINCREMENT,
                 isbn  TEXT NOT NULL UNIQUE,
                 title TEXT NOT NULL,
                 cents INTEGER NOT NULL,
                 stock INTEGER NOT NULL
                       CONSTRAINT stock_fits CHECK (stock BETWEEN 0 AND 4294967295)
             ) STRICT",
        )?;
        Ok(Self { connection })
    }

    fn many(&self, sql: &str, params: impl rusqlite::Params) -> Result<Vec<Book>, StoreError> {
        let books = self
            .connection
            .prepare(sql)?
            .query_map(params, book_of)?
            .collect::<rusqlite::Result<_>>()?;
        Ok(books)
    }
}

fn book_of(row: &Row<'_>) -> rusqlite::Result<Book> {
    Ok(Book {
        id: row.get("id")?,
        isbn: row.get("isbn")?,
        title: row.get("title")?,
        cents: row.get("cents")?,
        stock: row.get("stock")?,
    })
}

/// `known`, when the error is this kind of constraint; any other error is a failure of the store.
fn refused(error: rusqlite::Error, kind: i32, known: StoreError) -> StoreError {
    if error.sqlite_extended_error_code() == Some(kind) {
        known
    } else {
        error.into()
    }
}

impl Books for SqliteBooks {
    fn add(&mut self, book: &NewBook) -> Result<i64, StoreError> {
        self.connection
            .execute(
                "INSERT INTO catalogue (isbn, title, cents, stock) VALUES (?1, ?2, ?3, ?4)",
                params![book.isbn, book.title, book.cents, book.stock],
            )
            .map_err(|error| {
                refused(error, ffi::SQLITE_CONSTRAINT_UNIQUE, StoreError::IsbnTaken)
            })?;
        Ok(self.connection.last_insert_rowid())
    }

    fn by_isbn(&self, isbn: &str) -> Result<Option<Book>, StoreError> {
        let sql = "SELECT id, isbn, title, cents, stock FROM catalogue WHERE isbn = ?1";
        Ok(self.connection.query_row(sql, [isbn], book_of).optional()?)
    }

    fn find(&self, part: &str, limit: u32) -> Result<Vec<Book>, StoreError> {
        self.many(
            "SELECT id, isbn, title, cents, stock FROM catalogue
             WHERE instr(lower(title), lower(?1)) > 0 ORDER BY title, id LIMIT ?2",
            params![part, limit],
        )
    }

    fn page(&self, after: i64, limit: u32) -> Result<Vec<Book>, StoreError> {
        self.many(
            "SELECT id, isbn, title, cents, stock FROM catalogue
             WHERE id > ?1 ORDER BY id LIMIT ?2",
            params![after, limit],
        )
    }

    fn take(&mut self, isbn: &str, copies: u32) -> Result<Option<u32>, StoreError> {
        let sql = "UPDATE catalogue SET stock = stock - ?2
                   WHERE isbn = ?1 AND stock >= ?2 RETURNING stock";
        Ok(self
            .connection
            .query_row(sql, params![isbn, copies], |row| row.get(0))
            .optional()?)
    }

    fn put(&mut self, isbn: &str, copies: u32) -> Result<Option<u32>, StoreError> {
        let transaction = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let stock: Option<i64> = transaction
            .query_row(
                "SELECT stock FROM catalogue WHERE isbn = ?",
                [isbn],
                |row| row.get(0),
            )
            .optional()?;
        let Some(stock) = stock else { return Ok(None) };
        let stock = u32::try_from(stock + i64::from(copies)).map_err(|_| StoreError::TooMany)?;
        transaction.execute(
            "UPDATE catalogue SET stock = ? WHERE isbn = ?",
            params![stock, isbn],
        )?;
        transaction.commit()?;
        Ok(Some(stock))
    }

    fn remove(&mut self, isbn: &str) -> Result<bool, StoreError> {
        let sql = "DELETE FROM catalogue WHERE isbn = ?1";
        Ok(self.connection.execute(sql, [isbn])? > 0)
    }
}

/// How many books [`low_stock`] holds at a time.
pub const PAGE: u32 = 100;

/// The ISBNs of the books with fewer copies than `below`, in the order of the ids.
///
/// It knows the trait only. It asks for one page of [`PAGE`] books after the other, until there are no more, so that a
/// catalogue of any size fits into memory. An error of the store is its error.
pub fn low_stock(books: &dyn Books, below: u32) -> Result<Vec<String>, StoreError> {
    let mut low = Vec::new();
    let mut after = 0;
    loop {
        let page = books.page(after, PAGE)?;
        for book in &page {
            if book.stock < below {
                low.push(book.isbn.clone());
            }
            after = book.id;
        }
        if page.is_empty() {
            return Ok(low);
        }
    }
}

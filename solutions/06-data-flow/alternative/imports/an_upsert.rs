//! An upsert decides, iterators read, and a batch is read before its transaction begins.

use std::fmt;
use std::io::Read;

use csv::ErrorKind;
use rusqlite::{Connection, ErrorCode, params};
use serde::Deserialize;

/// How many records go into one transaction, at most.
pub const BATCH: u64 = 1_000;

/// A record of the file, as it stands there. The file has a head that names the columns, in any order; it may have more.
#[derive(Debug, Deserialize)]
pub struct Record {
    pub isbn: String,
    pub title: String,
    pub cents: String,
    pub stock: String,
}

/// The columns that a file must have.
pub const COLUMNS: [&str; 4] = ["isbn", "title", "cents", "stock"];

/// What is wrong with a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It has more or fewer fields than the head, or bytes that are no UTF-8.
    Shape,
    /// The ISBN is not 13 of the digits 0 to 9.
    Isbn,
    /// The title has nothing but white space.
    Title,
    /// The price is no `u32`.
    Cents,
    /// The stock is no `u32`.
    Stock,
    /// The table refuses it, for a reason that only the table knows.
    Refused,
}

/// A record that was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rejected {
    /// The line of the file on which the record begins, as the record's position gives it; the head is on line 1. (That is
    /// exact in a file whose lines end in `\n`, with no empty ones between.)
    pub line: u64,
    pub reason: Reason,
}

/// How many records were what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// The ISBN was new.
    pub added: u64,
    /// The book was there, and something of it is different now.
    pub changed: u64,
    /// The book was there, exactly so.
    pub unchanged: u64,
    /// Told to `reject`, and not taken.
    pub rejected: u64,
}

/// Why an import came to its end too early. What was committed until then stays, and the same file can be imported again.
#[derive(Debug)]
pub enum ImportError {
    /// The head does not name this column. Nothing was read behind it.
    Column(&'static str),
    /// The file cannot be read on.
    File(csv::Error),
    /// The database fails.
    Database(rusqlite::Error),
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(name) => write!(f, "the head does not name the column {name}"),
            Self::File(error) => write!(f, "the file cannot be read: {error}"),
            Self::Database(error) => write!(f, "the database says: {error}"),
        }
    }
}

impl std::error::Error for ImportError {}

impl From<csv::Error> for ImportError {
    fn from(error: csv::Error) -> Self {
        Self::File(error)
    }
}

impl From<rusqlite::Error> for ImportError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

/// Reads a CSV file into the table `books`.
///
/// - A record that is right adds a book or, when the ISBN is there, sets its title, price and stock. Texts are stored as they
///   are. A book that is so already is not written. When an ISBN comes twice, the later record counts.
/// - A record that is wrong is told to `reject` with its line and the first reason, in the order of [`Reason`]; the import goes
///   on. `Refused` is what a constraint or a trigger of the table refuses.
/// - At most [`BATCH`] records go into one transaction, and they are committed before the next ones are read: the lock is let go
///   in between, and neither the file nor the records are ever in memory as a whole.
///
/// # Errors
///
/// See [`ImportError`]. What was read before a failure of the file stays.
pub fn import(
    connection: &mut Connection,
    source: impl Read,
    mut reject: impl FnMut(Rejected),
) -> Result<Report, ImportError> {
    let mut reader = csv::Reader::from_reader(source);
    let head = reader.headers()?.clone();
    if let Some(missing) = COLUMNS
        .into_iter()
        .find(|&name| !head.iter().any(|it| it == name))
    {
        return Err(ImportError::Column(missing));
    }
    let mut report = Report::default();
    let mut records = reader.into_records();
    loop {
        let mut right = Vec::new();
        let mut wrong = Vec::new();
        let mut broken = None;
        let mut read = 0;
        for record in records.by_ref().take(BATCH as usize) {
            read += 1;
            match record {
                Ok(record) => {
                    let line = record.position().map_or(0, |place| place.line());
                    match Book::of(&record.deserialize(Some(&head))?) {
                        Ok(book) => right.push((line, book)),
                        Err(reason) => wrong.push(Rejected { line, reason }),
                    }
                }
                Err(error) => match error.kind() {
                    ErrorKind::Io(_) => broken = Some(error),
                    _ => wrong.push(Rejected {
                        line: error.position().map_or(0, |place| place.line()),
                        reason: Reason::Shape,
                    }),
                },
            }
        }
        let transaction = connection.transaction()?;
        for (line, book) in right {
            match book.write(&transaction) {
                Ok(Some(true)) => report.added += 1,
                Ok(Some(false)) => report.changed += 1,
                Ok(None) => report.unchanged += 1,
                Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                    wrong.push(Rejected {
                        line,
                        reason: Reason::Refused,
                    });
                }
                Err(error) => return Err(error.into()),
            }
        }
        transaction.commit()?;
        wrong.sort_by_key(|rejected| rejected.line);
        report.rejected += wrong.len() as u64;
        wrong.into_iter().for_each(&mut reject);
        if let Some(error) = broken {
            return Err(error.into());
        }
        if read == 0 {
            return Ok(report);
        }
    }
}

struct Book {
    isbn: String,
    title: String,
    cents: u32,
    stock: u32,
}

impl Book {
    fn of(record: &Record) -> Result<Book, Reason> {
        let isbn = record.isbn.clone();
        if isbn.chars().count() != 13 || isbn.contains(|sign| !matches!(sign, '0'..='9')) {
            return Err(Reason::Isbn);
        }
        if record.title.chars().all(char::is_whitespace) {
            return Err(Reason::Title);
        }
        let Ok(cents) = record.cents.parse() else {
            return Err(Reason::Cents);
        };
        let Ok(stock) = record.stock.parse() else {
            return Err(Reason::Stock);
        };
        Ok(Book {
            isbn,
            title: record.title.clone(),
            cents,
            stock,
        })
    }

    /// Whether it was new; nothing when it was there like this.
    fn write(&self, connection: &Connection) -> rusqlite::Result<Option<bool>> {
        let known = connection
            .prepare_cached("SELECT 1 FROM books WHERE isbn = ?")?
            .exists([&self.isbn])?;
        let written = connection
            .prepare_cached(
                "INSERT INTO books (isbn, title, cents, stock) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (isbn) DO UPDATE
                     SET title = excluded.title, cents = excluded.cents, stock = excluded.stock
                     WHERE (title, cents, stock) IS NOT (excluded.title, excluded.cents, excluded.stock)",
            )?
            .execute(params![self.isbn, self.title, self.cents, self.stock])?;
        Ok((written > 0).then_some(!known))
    }
}

//! Imports: a file of any size, some of it wrong.
//!
//! Every night the publishers send their prices. The file is large, it was made by other people's programs, and tomorrow it
//! comes again, with nearly the same in it.

use std::fmt;
use std::io::Read;

use csv::{Reader, ReaderBuilder, StringRecord};
use rusqlite::{
    Connection, ErrorCode, OptionalExtension, Transaction, TransactionBehavior, params,
};
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
    let mut reader = ReaderBuilder::new().from_reader(source);
    let head = reader.headers()?.clone();
    for column in COLUMNS {
        if !head.iter().any(|name| name == column) {
            return Err(ImportError::Column(column));
        }
    }
    let mut report = Report::default();
    let mut more = true;
    while more {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let read = batch(&transaction, &mut reader, &head, &mut report, &mut reject);
        if matches!(read, Ok(_) | Err(ImportError::File(_))) {
            transaction.commit()?;
        }
        more = read?;
    }
    Ok(report)
}

/// Takes so many records as go into one transaction, and says whether there may be more.
fn batch(
    transaction: &Transaction<'_>,
    reader: &mut Reader<impl Read>,
    head: &StringRecord,
    report: &mut Report,
    reject: &mut impl FnMut(Rejected),
) -> Result<bool, ImportError> {
    let mut record = StringRecord::new();
    for _ in 0..BATCH {
        let reason = match reader.read_record(&mut record) {
            Ok(false) => return Ok(false),
            Ok(true) => store(transaction, record.deserialize(Some(head))?, report)?.err(),
            Err(error) if error.is_io_error() => return Err(error.into()),
            Err(_) => Some(Reason::Shape),
        };
        if let Some(reason) = reason {
            let line = record.position().map_or(0, csv::Position::line);
            report.rejected += 1;
            reject(Rejected { line, reason });
        }
    }
    Ok(true)
}

/// Writes what a record says, unless it is so already, and counts it; or says what is wrong with it.
fn store(
    transaction: &Transaction<'_>,
    record: Record,
    report: &mut Report,
) -> Result<Result<(), Reason>, ImportError> {
    let (cents, stock) = match checked(&record) {
        Ok(numbers) => numbers,
        Err(reason) => return Ok(Err(reason)),
    };
    let Record { isbn, title, .. } = record;
    let there: Option<bool> = transaction
        .prepare_cached(
            "SELECT title = ?2 AND cents = ?3 AND stock = ?4 FROM books WHERE isbn = ?1",
        )?
        .query_row(params![isbn, title, cents, stock], |row| row.get(0))
        .optional()?;
    let (sql, count) = match there {
        Some(true) => {
            report.unchanged += 1;
            return Ok(Ok(()));
        }
        Some(false) => (
            "UPDATE books SET title = ?2, cents = ?3, stock = ?4 WHERE isbn = ?1",
            &mut report.changed,
        ),
        None => (
            "INSERT INTO books (isbn, title, cents, stock) VALUES (?1, ?2, ?3, ?4)",
            &mut report.added,
        ),
    };
    let written = transaction
        .prepare_cached(sql)?
        .execute(params![isbn, title, cents, stock]);
    match written {
        Ok(_) => *count += 1,
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            return Ok(Err(Reason::Refused));
        }
        Err(error) => return Err(error.into()),
    }
    Ok(Ok(()))
}

/// Price and stock of a record, or the first thing that is wrong with it.
fn checked(record: &Record) -> Result<(u32, u32), Reason> {
    if record.isbn.len() != 13 || !record.isbn.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Reason::Isbn);
    }
    if record.title.trim().is_empty() {
        return Err(Reason::Title);
    }
    let cents = record.cents.parse().map_err(|_| Reason::Cents)?;
    let stock = record.stock.parse().map_err(|_| Reason::Stock)?;
    Ok((cents, stock))
}

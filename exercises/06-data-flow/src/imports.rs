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
    /// The title has nothing but white space, of whatever script.
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
/// - A record that is right adds a book or, when the ISBN is there, sets its title, price and stock, and leaves all else of it
///   alone. Texts are stored as they are. A book that is so already is not written. When an ISBN comes twice, the later record counts.
/// - A record that is wrong is told to `reject` with its line and the first reason, in the order of [`Reason`]; the import goes
///   on. `Refused` is what a constraint or a trigger of the table refuses.
/// - At most [`BATCH`] records, right or wrong, go into one transaction, and they are committed before the next ones are read: the lock is let go
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
    todo!("head, then batch after batch: one transaction, up to so many records, commit")
}

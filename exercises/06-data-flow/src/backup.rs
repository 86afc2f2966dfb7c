//! Backup: a copy that one can open.
//!
//! The shop is open day and night, and somebody always writes. A copy must be of one moment all the same, and the worst time
//! to find out that it is none is the day on which it is needed.

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

/// Why there is no backup, or why it is none.
#[derive(Debug)]
pub enum BackupError {
    /// The copy can be opened, and something in it is wrong: what SQLite's checks say, a line for each.
    Damaged(Vec<String>),
    /// SQLite cannot read or write one of the two, or it is no database.
    Database(rusqlite::Error),
    /// A file could not be moved or removed.
    File(io::Error),
}

impl fmt::Display for BackupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged(findings) => write!(f, "the copy is damaged: {}", findings.join("; ")),
            Self::Database(error) => write!(f, "the database says: {error}"),
            Self::File(error) => write!(f, "the file system says: {error}"),
        }
    }
}

impl std::error::Error for BackupError {}

impl From<rusqlite::Error> for BackupError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<io::Error> for BackupError {
    fn from(error: io::Error) -> Self {
        Self::File(error)
    }
}

/// Opens a copy, and looks whether it is one: its pages and indexes fit together (`integrity_check`), every reference leads
/// somewhere (`foreign_key_check`), and there is a table in it. (For SQLite an empty file is a database, too. A table without
/// rows is a table.) Each thing that is wrong is one finding. A check that cannot be made is an error, too.
///
/// A file that is not there is not made. Nothing is left beside the file.
pub fn check(path: &Path) -> Result<(), BackupError> {
    todo!("open it without making it, and ask three questions")
}

/// Copies the database behind a connection to a file, as it is at one moment, and checks the copy by opening it.
///
/// - Others go on writing meanwhile, and are not told to wait. What they have not committed is not in the copy; what was
///   committed before is, wherever SQLite keeps it.
/// - The copy is made under the name of the file with `.part` behind it, and what an earlier try left there does not matter. It takes
///   the name only when it has been checked. Until then a backup that is there already stays as it is, and if anything fails, it
///   still is. There is no moment without one.
/// - Afterwards nothing of the work is left in the folder, whatever has failed.
pub fn back_up(connection: &Connection, to: &Path) -> Result<(), BackupError> {
    todo!("remove an old draft, copy, check, rename; and when it fails, remove the draft")
}

//! Pages are copied by the backup interface of the library.

use std::ffi::{OsString, c_int};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::Backup;
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
/// somewhere (`foreign_key_check`), and there is a table in it. (For SQLite an empty file is a database, too.)
///
/// A file that is not there is not made. Nothing is left beside the file.
pub fn check(path: &Path) -> Result<(), BackupError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let mut findings = lines(&connection, "PRAGMA integrity_check")?;
    findings.retain(|finding| finding != "ok");
    for table in lines(&connection, "PRAGMA foreign_key_check")? {
        findings.push(format!("a row of {table} refers to nothing"));
    }
    let tables: i64 = connection.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table'",
        [],
        |row| row.get(0),
    )?;
    if tables == 0 {
        findings.push("there is no table in it".to_owned());
    }
    if findings.is_empty() {
        Ok(())
    } else {
        Err(BackupError::Damaged(findings))
    }
}

/// Copies the database behind a connection to a file, as it is at one moment, and checks the copy by opening it.
///
/// - Others go on writing meanwhile, and are not told to wait. What they have not committed is not in the copy; what was
///   committed before is, wherever SQLite keeps it.
/// - The copy is made under the name of the file with `.part` behind it, and what an earlier try left there does not matter. It takes
///   the name only when it has been checked. Until then a backup that is there already stays as it is, and if anything fails, it
///   still is.
/// - Afterwards nothing of the work is left in the folder.
pub fn back_up(connection: &Connection, to: &Path) -> Result<(), BackupError> {
    let mut name = OsString::from(to);
    name.push(".part");
    let draft = PathBuf::from(name);
    if draft.exists() {
        fs::remove_file(&draft)?;
    }
    let result = fill(connection, &draft).and_then(|()| Ok(fs::rename(&draft, to)?));
    if result.is_err() && draft.exists() {
        fs::remove_file(&draft)?;
    }
    result
}

fn fill(from: &Connection, draft: &Path) -> Result<(), BackupError> {
    let mut copy = Connection::open(draft)?;
    Backup::new(from, &mut copy)?.run_to_completion(c_int::MAX, Duration::from_millis(1), None)?;
    // A file of its own, with nothing beside it.
    copy.pragma_update(None, "journal_mode", "delete")?;
    copy.close().map_err(|(_, error)| error)?;
    check(draft)
}

/// The first column of what a pragma says.
fn lines(connection: &Connection, pragma: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(pragma)?;
    let mut rows = statement.query([])?;
    let mut lines = Vec::new();
    while let Some(row) = rows.next()? {
        lines.push(row.get(0)?);
    }
    Ok(lines)
}

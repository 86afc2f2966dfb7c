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

/// The first column of what a pragma says.
fn lines(connection: &Connection, pragma: &str) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare(pragma)?
        .query_map([], |row| row.get(0))?
        .collect()
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
    let mut draft = OsString::from(to);
    draft.push(".part");
    let draft = PathBuf::from(draft);
    remove(&draft)?;
    let result = copy(connection, &draft)
        .and_then(|()| check(&draft))
        .and_then(|()| Ok(fs::rename(&draft, to)?));
    if result.is_err() {
        remove(&draft)?;
    }
    result
}

/// One statement, which reads one moment, and in WAL mode holds up nobody.
fn copy(from: &Connection, to: &Path) -> Result<(), BackupError> {
    let to = to
        .to_str()
        .ok_or_else(|| io::Error::other("the name of the file is no UTF-8"))?;
    from.execute("VACUUM INTO ?1", [to])?;
    Ok(())
}

/// Removes a file, if it is there.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

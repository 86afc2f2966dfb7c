//! The wishes in a SQLite file: they survive the program, and no two guests bring the same gift.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use crate::given::wishes::{MOST_WISHES, NewWish, Priority, Rule, State, Store, StoreError, Wish};

/// The version of the tables, which SQLite keeps for us in `PRAGMA user_version`. A new file has 0.
pub const VERSION: i64 = 1;

/// The tables of version 1. Given.
///
/// A title is there once. `AUTOINCREMENT`: the id of a wish that was removed is not given again.
pub const TABLES: &str = "
    CREATE TABLE wishes (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        title TEXT NOT NULL UNIQUE CHECK (title <> ''),
        cents INTEGER NOT NULL CHECK (cents >= 0),
        link TEXT,
        priority TEXT NOT NULL CHECK (priority IN ('low', 'normal', 'high')),
        state TEXT NOT NULL CHECK (state IN ('wanted', 'reserved', 'given')),
        by_whom TEXT,
        CHECK ((state = 'wanted') = (by_whom IS NULL))
    ) STRICT;
";

/// How long one connection waits for another that is writing.
const PATIENCE: Duration = Duration::from_secs(5);

/// A store in a file. Several may have the same file open, in one program or in many.
#[derive(Debug)]
pub struct SqliteStore {
    connection: Mutex<Connection>,
}

impl SqliteStore {
    /// Opens the file, and makes it when it is not there.
    ///
    /// In a file of version 0 the tables are made and the version is written, both or neither, and by one only when several
    /// open a new file at the same moment. A file of version [`VERSION`] is taken as it is. A file of a higher version is
    /// refused with `Newer`, and is not changed.
    ///
    /// # Errors
    ///
    /// `Newer`; `Broken` with SQLite's error, when it is no database or cannot be opened.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        todo!("open it, give it patience, look at the version in a transaction that may write")
    }

    /// The connection. A panic in the middle of a transaction has rolled it back, so a poisoned lock is no harm. Given.
    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// What each function promises stands at the trait, in `src/given/wishes.rs`.
impl Store for SqliteStore {
    fn add(&self, new: &NewWish) -> Result<Wish, StoreError> {
        todo!("is the title new, is there room, and the INSERT: nobody may come in between")
    }

    fn all(&self) -> Result<Vec<Wish>, StoreError> {
        todo!("every row in the order of its id; one that cannot be read is an error, not a gap")
    }

    fn find(&self, id: i64) -> Result<Wish, StoreError> {
        todo!("one row or none")
    }

    fn change(&self, id: i64, rule: Rule<'_>) -> Result<Wish, StoreError> {
        todo!("look, ask the rule, write: as one step for everybody else")
    }

    fn remove(&self, id: i64) -> Result<(), StoreError> {
        todo!("how many rows did it take away?")
    }
}

/// SQLite's error as ours. Given.
fn broken(error: rusqlite::Error) -> StoreError {
    StoreError::Broken(Box::new(error))
}

/// Reads a row that has all columns of the table. Given.
///
/// # Errors
///
/// When a value makes no sense, such as a state that does not exist.
fn wish_of(row: &Row<'_>) -> rusqlite::Result<Wish> {
    let priority: String = row.get("priority")?;
    let state: String = row.get("state")?;
    let by: Option<String> = row.get("by_whom")?;
    Ok(Wish {
        id: row.get("id")?,
        title: row.get("title")?,
        cents: row.get("cents")?,
        link: row.get("link")?,
        priority: match priority.as_str() {
            "low" => Priority::Low,
            "high" => Priority::High,
            "normal" => Priority::Normal,
            _ => return Err(rusqlite::Error::InvalidQuery),
        },
        state: match (state.as_str(), by) {
            ("wanted", None) => State::Wanted,
            ("reserved", Some(by)) => State::Reserved { by },
            ("given", Some(by)) => State::Given { by },
            _ => return Err(rusqlite::Error::InvalidQuery),
        },
    })
}

/// The columns `state` and `by_whom` of a state. Given.
fn columns(state: &State) -> (&'static str, Option<&str>) {
    match state {
        State::Wanted => ("wanted", None),
        State::Reserved { by } => ("reserved", Some(by)),
        State::Given { by } => ("given", Some(by)),
    }
}

/// The column `priority`. Given.
fn word(priority: Priority) -> &'static str {
    match priority {
        Priority::Low => "low",
        Priority::Normal => "normal",
        Priority::High => "high",
    }
}

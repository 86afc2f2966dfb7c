//! One statement adds, with its conditions in SQL; a guard begins and ends the turn of what takes several.

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
        let connection = Connection::open(path).map_err(broken)?;
        connection.busy_timeout(PATIENCE).map_err(broken)?;
        {
            let turn = Turn::begin(&connection)?;
            match connection
                .pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))
                .map_err(broken)?
            {
                VERSION => {}
                0 => connection
                    .execute_batch(&format!("{TABLES} PRAGMA user_version = {VERSION};"))
                    .map_err(broken)?,
                _ => return Err(StoreError::Newer),
            }
            turn.done()?;
        }
        Ok(Self {
            connection: connection.into(),
        })
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
        let connection = self.connection();
        let sql = "INSERT INTO wishes (title, cents, link, priority, state)
         SELECT ?1, ?2, ?3, ?4, 'wanted' WHERE (SELECT count(*) FROM wishes) < ?5 OR EXISTS (SELECT 1 FROM wishes WHERE title = ?1)
         RETURNING *";
        let values = params![
            new.title,
            new.cents,
            new.link,
            word(new.priority),
            MOST_WISHES
        ];
        match connection.query_row(sql, values, wish_of) {
            Ok(wish) => Ok(wish),
            Err(rusqlite::Error::QueryReturnedNoRows) => Err(StoreError::Full),
            Err(rusqlite::Error::SqliteFailure(error, _))
                if error.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE =>
            {
                Err(StoreError::Duplicate)
            }
            Err(error) => Err(broken(error)),
        }
    }

    fn all(&self) -> Result<Vec<Wish>, StoreError> {
        let connection = self.connection();
        let mut statement = connection.prepare("SELECT id, title, cents, link, priority, state, by_whom FROM wishes ORDER BY id ASC").map_err(broken)?;
        let mut rows = statement.query([]).map_err(broken)?;
        let mut all = vec![];
        while let Some(row) = rows.next().map_err(broken)? {
            all.push(wish_of(row).map_err(broken)?);
        }
        Ok(all)
    }

    fn find(&self, id: i64) -> Result<Wish, StoreError> {
        one(&self.connection(), id)
    }

    fn change(&self, id: i64, rule: Rule<'_>) -> Result<Wish, StoreError> {
        let connection = self.connection();
        let turn = Turn::begin(&connection)?;
        let state = match rule(&one(&connection, id)?.state) {
            Ok(state) => state,
            Err(why) => return Err(StoreError::Refused(why)),
        };
        let (state, by) = columns(&state);
        connection
            .execute(
                "UPDATE wishes SET (state, by_whom) = (?2, ?3) WHERE id = ?1",
                params![id, state, by],
            )
            .map_err(broken)?;
        let wish = one(&connection, id)?;
        turn.done()?;
        Ok(wish)
    }

    fn remove(&self, id: i64) -> Result<(), StoreError> {
        match self
            .connection()
            .query_row(
                "DELETE FROM wishes WHERE id = ?1 RETURNING id",
                [id],
                |row| row.get::<_, i64>(0),
            )
            .optional()
        {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(StoreError::Missing),
            Err(error) => Err(broken(error)),
        }
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

struct Turn<'a>(&'a Connection, bool);
impl<'a> Turn<'a> {
    fn begin(connection: &'a Connection) -> Result<Self, StoreError> {
        connection
            .execute_batch("BEGIN IMMEDIATE")
            .map_err(broken)?;
        Ok(Self(connection, false))
    }
    fn done(mut self) -> Result<(), StoreError> {
        self.0.execute_batch("COMMIT").map_err(broken)?;
        self.1 = true;
        Ok(())
    }
}
impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.1 {
            let _ = self.0.execute_batch("ROLLBACK");
        }
    }
}
fn one(connection: &Connection, id: i64) -> Result<Wish, StoreError> {
    let sql = "SELECT id, title, cents, link, priority, state, by_whom FROM wishes WHERE id = ?1";
    match connection.query_row(sql, params![id], wish_of) {
        Ok(wish) => Ok(wish),
        Err(rusqlite::Error::QueryReturnedNoRows) => Err(StoreError::Missing),
        Err(error) => Err(broken(error)),
    }
}

//! Everything is checked once; then each version is claimed and run in a transaction of its own.

use std::fmt;

use rusqlite::Connection;

use crate::given::fingerprint;

/// One step. Its version is its place in the list, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// What it is about, for people. It may be worded better later.
    pub name: String,
    /// The statements. Once they have run anywhere, not one byte of them may change.
    pub sql: String,
}

/// Why the tables were not brought up to date.
#[derive(Debug)]
pub enum MigrationError {
    /// The database has had more migrations than this program knows: an older program meets newer tables.
    Newer { applied: usize, known: usize },
    /// The SQL of this version is not what it was when the database had it.
    Changed { version: usize },
    /// The SQL of this version cannot be run.
    Failed {
        version: usize,
        error: rusqlite::Error,
    },
    /// The record of the migrations could not be read or written.
    Database(rusqlite::Error),
}

impl fmt::Display for MigrationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newer { applied, known } => write!(
                f,
                "the database has had {applied} migrations, and this program knows {known}"
            ),
            Self::Changed { version } => {
                write!(
                    f,
                    "migration {version} was changed after it had been applied"
                )
            }
            Self::Failed { version, error } => write!(f, "migration {version}: {error}"),
            Self::Database(error) => write!(f, "the record of the migrations: {error}"),
        }
    }
}

impl std::error::Error for MigrationError {}

impl From<rusqlite::Error> for MigrationError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

/// Runs the migrations that this database has not had yet.
pub fn migrate(
    connection: &mut Connection,
    migrations: &[Migration],
) -> Result<usize, MigrationError> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS migrations (number INTEGER NOT NULL UNIQUE, print TEXT NOT NULL, about TEXT)",
    )?;
    check(connection, migrations)?;
    let mut ran = 0;
    for (version, migration) in (1..).zip(migrations) {
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let result = run(connection, version, migration, migrations)
            .and_then(|new| Ok(connection.execute_batch("COMMIT").map(|()| new)?));
        match result {
            Ok(new) => ran += usize::from(new),
            Err(error) => {
                if !connection.is_autocommit() {
                    connection.execute_batch("ROLLBACK")?;
                }
                return Err(error);
            }
        }
    }
    Ok(ran)
}

fn check(connection: &Connection, migrations: &[Migration]) -> Result<(), MigrationError> {
    let mut statement =
        connection.prepare("SELECT number, print FROM migrations ORDER BY number")?;
    let mut rows = statement.query([])?;
    let mut applied = 0;
    let mut changed = None;
    while let Some(row) = rows.next()? {
        let (number, print): (u32, String) = (row.get(0)?, row.get(1)?);
        let migration = migrations.get(applied);
        applied += 1;
        if changed.is_none() && migration.is_some_and(|known| fingerprint(&known.sql) != print) {
            changed = Some(number as usize);
        }
    }
    match changed {
        _ if applied > migrations.len() => Err(MigrationError::Newer {
            applied,
            known: migrations.len(),
        }),
        Some(version) => Err(MigrationError::Changed { version }),
        None => Ok(()),
    }
}

fn run(
    connection: &Connection,
    version: i64,
    migration: &Migration,
    all: &[Migration],
) -> Result<bool, MigrationError> {
    check(connection, all)?;
    if connection
        .prepare_cached("SELECT 1 FROM migrations WHERE number = ?")?
        .exists([version])?
    {
        return Ok(false);
    }
    connection.execute(
        "INSERT INTO migrations VALUES (?, ?, ?)",
        (version, fingerprint(&migration.sql), &migration.name),
    )?;
    connection
        .execute_batch(&migration.sql)
        .map_err(|error| MigrationError::Failed {
            version: version as usize,
            error,
        })?;
    Ok(true)
}

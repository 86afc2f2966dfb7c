//! Migrations: the tables change while the shop is open, and never twice.
//!
//! The program is installed on many machines, and each has a database of some age. Whoever starts brings the tables up to
//! date, step by step, from wherever they are.

use std::fmt;

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

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

/// Runs the migrations that this database has not had yet, in the order of the list, and returns how many they were.
///
/// - Which ones it has had, it records in a table `migrations`, with the fingerprint of the SQL of each
///   ([`fingerprint`]). The table is made when it is missing. What else is in it is up to you.
/// - Each migration is one transaction, and its record is in the same one. If one fails, those before it stay, nothing of it
///   does, those behind it do not run, and the next call goes on with it.
/// - Before anything runs, the record is compared with the list. More applied than known is `Newer`, and SQL that was
///   changed is `Changed` with the first version that it is true of; the name may differ. Then nothing is changed at all.
/// - Several programs may start at the same time: each migration runs once, and all of them succeed. Whoever comes second
///   waits as long as the busy time-out of its connection says, and compares again: the other program may have had another list.
/// - The connection's settings, its time-out and its foreign keys, are afterwards what they were before.
pub fn migrate(
    connection: &mut Connection,
    migrations: &[Migration],
) -> Result<usize, MigrationError> {
    todo!("compare the record with the list, run the next one, record it")
}

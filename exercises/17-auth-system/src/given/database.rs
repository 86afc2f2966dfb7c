//! One SQLite file in WAL mode: one connection that writes, as many as needed that read.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, TransactionBehavior};

use super::clock::UnixTime;
use super::mail::Mail;
use super::problem::Problem;

/// The schema, one step after the other. A step that has been released is never edited: add another one.
const MIGRATIONS: [&str; 2] = [
    include_str!("migrations/001_accounts.sql"),
    include_str!("migrations/002_audit.sql"),
];

/// How much a commit is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// A commit is on the disk when it returns: what was answered survives a crash of the machine.
    Full,
    /// The system writes when it likes: for tests.
    Relaxed,
}

/// The database of the service.
pub struct Database {
    path: PathBuf,
    durability: Durability,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
    writes: AtomicU64,
    waiting: AtomicUsize,
}

impl Database {
    /// Opens the file, makes it if need be, and brings its schema up to date.
    ///
    /// # Errors
    ///
    /// A sentence for the operator: the file cannot be opened, or a newer version of the program has changed it.
    pub fn open(path: &Path, durability: Durability) -> Result<Self, String> {
        let told = |error: rusqlite::Error| format!("{}: {error}", path.display());
        let mut writer = connect(path, durability).map_err(told)?;
        migrate(&mut writer).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            durability,
            writer: Mutex::new(writer),
            readers: Mutex::new(Vec::new()),
            writes: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
        })
    }

    /// Reads one consistent state of the database. The connection cannot write: a statement that tries is a 500.
    ///
    /// # Errors
    ///
    /// Whatever `work` answers, and a 500 when the database fails.
    pub fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let waiting = lock(&self.readers).pop();
        let mut connection = match waiting {
            Some(connection) => connection,
            None => {
                let connection = connect(&self.path, self.durability)?;
                // A write in the wrong place fails here, where it would vanish with the transaction.
                connection.pragma_update(None, "query_only", true)?;
                connection
            }
        };
        let transaction = connection.transaction()?;
        let answer = work(&transaction);
        drop(transaction);
        lock(&self.readers).push(connection);
        answer
    }

    /// Runs `work` in a transaction of its own; writers wait for one another. The transaction is committed for a
    /// value and for a refusal (below 500), and rolled back for a failure.
    ///
    /// # Errors
    ///
    /// Whatever `work` answers, and a 500 when the database fails.
    pub fn write<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let _busy = Busy::begin()?;
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let mut connection = lock(&self.writer);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let answer = work(&transaction);
        if !matches!(&answer, Err(problem) if problem.status().is_server_error()) {
            transaction.commit()?;
            self.writes.fetch_add(1, Ordering::Relaxed);
        }
        answer
    }

    /// How many transactions `write` has committed: tests compare the work of two requests by it.
    #[must_use]
    pub fn writes(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    /// How many calls of `write` wait for their turn: a test that wants requests to meet lets them gather here.
    #[must_use]
    pub fn waiting_writers(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }

    pub(super) fn waiting_mails(&self) -> Result<Vec<(i64, UnixTime, Mail)>, Problem> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, queued_at, recipient, subject, body FROM mails ORDER BY id",
            )?;
            let rows = statement.query_map([], |row| {
                let mail = Mail {
                    to: row.get(2)?,
                    subject: row.get(3)?,
                    text: row.get(4)?,
                };
                Ok((row.get(0)?, row.get(1)?, mail))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// A mail may hold a token: it does not stay in the database once it has left.
    pub(super) fn mail_sent(&self, id: i64) -> Result<(), Problem> {
        let connection = lock(&self.writer);
        connection.execute("DELETE FROM mails WHERE id = ?1", [id])?;
        Ok(())
    }
}

thread_local! {
    static WRITING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is inside of a `write`, where slow work makes every other writer wait.
#[must_use]
pub fn is_writing() -> bool {
    WRITING.get()
}

/// A thread that waits for its own transaction would wait for ever: it is told so instead.
struct Busy;

impl Busy {
    fn begin() -> Result<Self, Problem> {
        if WRITING.replace(true) {
            let cause = "`write` was called inside of `write`: use the `tx` that you have";
            return Err(Problem::internal(&cause));
        }
        Ok(Self)
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        WRITING.set(false);
    }
}

/// A panic in another request leaves its transaction rolled back and the connection sound.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connect(path: &Path, durability: Durability) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(std::time::Duration::from_secs(5))?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "secure_delete", true)?;
    let synchronous = match durability {
        Durability::Full => "full",
        Durability::Relaxed => "off",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    Ok(connection)
}

fn migrate(connection: &mut Connection) -> Result<(), Box<dyn std::error::Error>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let done = usize::try_from(version)?;
    if done > MIGRATIONS.len() {
        return Err(format!(
            "the schema has version {done}, and this program knows {}",
            MIGRATIONS.len()
        )
        .into());
    }
    for step in &MIGRATIONS[done..] {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", i64::try_from(MIGRATIONS.len())?)?;
    transaction.commit()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Database, Durability, MIGRATIONS};
    use crate::given::problem::Problem;

    fn database() -> (tempfile::TempDir, Database) {
        let folder = tempfile::tempdir().expect("the system gives a temporary folder");
        let path = folder.path().join("test.db");
        let database = Database::open(&path, Durability::Relaxed).expect("it opens");
        (folder, database)
    }

    fn keys(database: &Database) -> i64 {
        let count = database.read(|connection| {
            let sql = "SELECT count(*) FROM signing_keys";
            Ok(connection.query_row(sql, [], |row| row.get(0))?)
        });
        count.expect("it can be read")
    }

    #[test]
    fn a_refusal_commits_and_a_failure_rolls_back() {
        let (_folder, database) = database();
        for (answer, rows) in [
            (Problem::not_found(), 1),
            (Problem::internal(&"the test's own failure"), 1),
        ] {
            let refused = database.write(|connection| -> Result<(), Problem> {
                connection.execute(
                    "INSERT INTO signing_keys VALUES (hex(randomblob(8)), x'00', 0)",
                    [],
                )?;
                Err(answer.clone())
            });
            assert!(refused.is_err());
            assert_eq!(keys(&database), rows, "after {}", answer.code());
        }
    }

    #[test]
    fn a_reader_cannot_write() {
        let (_folder, database) = database();
        for _ in 0..2 {
            let written = database.read(|connection| {
                let sql = "INSERT INTO signing_keys VALUES ('k', x'00', 0)";
                Ok(connection.execute(sql, [])?)
            });
            assert_eq!(written.map_err(|problem| problem.code()), Err("internal"));
        }
        assert_eq!(keys(&database), 0);
    }

    #[test]
    fn a_write_inside_of_a_write_is_told_instead_of_waiting() {
        let (_folder, database) = database();
        let nested = database.write(|_| database.write(|_| Ok(())));
        assert_eq!(nested.map_err(|problem| problem.code()), Err("internal"));
        assert!(database.write(|_| Ok(())).is_ok(), "the next write");
    }

    #[test]
    fn a_newer_schema_is_refused_and_the_same_is_kept() {
        let (folder, database) = database();
        let path = folder.path().join("test.db");
        assert!(
            Database::open(&path, Durability::Relaxed).is_ok(),
            "a second opening"
        );
        let newer = format!("PRAGMA user_version = {}", MIGRATIONS.len() + 1);
        database
            .write(|connection| Ok(connection.execute_batch(&newer)?))
            .expect("it can be written");
        assert!(
            Database::open(&path, Durability::Relaxed).is_err(),
            "a newer schema"
        );
    }
}

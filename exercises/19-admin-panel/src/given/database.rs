//! One SQLite file in WAL mode: one connection that writes, as many as needed that read.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use super::clock::UnixTime;
use super::config::Config;
use super::mail::{Letter, Mail};
use super::problem::Problem;

/// The schema, one step after the other. A step that has been released is never edited: add another one.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/001_panel.sql")];

/// How long a statement waits for a lock of another process.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long the log is waited for that is to be emptied: writers wait meanwhile.
const EMPTYING: Duration = Duration::from_millis(50);
/// Readers that are kept for the next requests; each holds up to 2 MiB of pages.
const READERS: usize = 8;
/// Mails that are read at once.
const LETTERS: i64 = 100;

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
    traces: AtomicBool,
}

impl Database {
    /// Opens the file, makes it if need be, and brings its schema up to date. It is its owner's alone: it holds secrets.
    ///
    /// # Errors
    ///
    /// A sentence for the operator: the file cannot be opened, or a newer version of the program has changed it.
    pub fn open(path: &Path, durability: Durability) -> Result<Self, String> {
        Self::with_schema(path, durability, MIGRATIONS[0])
    }

    /// The same for tables that these statements make, where the file is new.
    ///
    /// # Errors
    ///
    /// Those of [`Database::open`].
    pub fn with_schema(path: &Path, durability: Durability, schema: &str) -> Result<Self, String> {
        let told = |error: rusqlite::Error| format!("{}: {error}", path.display());
        own(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut writer = connect(path, durability).map_err(told)?;
        migrate(&mut writer, schema).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            durability,
            writer: Mutex::new(writer),
            readers: Mutex::new(Vec::new()),
            writes: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
            // Whatever a run before this one has left in the log.
            traces: AtomicBool::new(true),
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
        let mut readers = lock(&self.readers);
        if readers.len() < READERS {
            readers.push(connection);
        }
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

    /// The waiting mails behind the one with the id `after`, the oldest first: not more than a hundred.
    pub(super) fn waiting_mails(&self, after: i64) -> Result<Vec<Letter>, Problem> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, queued_at, recipient, subject, body FROM mails
                 WHERE id > ?1 ORDER BY id LIMIT ?2",
            )?;
            let rows = statement.query_map([after, LETTERS], |row| {
                Ok(Letter {
                    id: row.get(0)?,
                    queued_at: row.get(1)?,
                    mail: Mail {
                        to: row.get(2)?,
                        subject: row.get(3)?,
                        text: row.get(4)?,
                    },
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// A mail may hold a token: it does not stay in the database once it has left.
    pub(super) fn mail_sent(&self, id: i64) -> Result<(), Problem> {
        let connection = lock(&self.writer);
        connection.execute("DELETE FROM mails WHERE id = ?1", [id])?;
        self.expect_traces();
        Ok(())
    }

    /// From the next call of [`Database::leave_no_traces`] on the log is empty, whether or not a mail has left.
    pub(super) fn expect_traces(&self) {
        self.traces.store(true, Ordering::Relaxed);
    }

    /// Takes what was deleted out of the file and its log.
    ///
    /// `secure_delete` overwrites a deleted row in its page, but the write-ahead log beside the file still has the page
    /// as it was. Here all pages go into the file, and the log is emptied. While somebody reads an older state, that is
    /// not possible; then it is done at the next call.
    ///
    /// # Errors
    ///
    /// A 500 when the database fails.
    pub fn leave_no_traces(&self) -> Result<(), Problem> {
        let connection = lock(&self.writer);
        if !self.traces.swap(false, Ordering::Relaxed) {
            return Ok(());
        }
        connection.busy_timeout(EMPTYING)?;
        let emptied: rusqlite::Result<bool> =
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
                row.get(0).map(|busy: i64| busy == 0)
            });
        connection.busy_timeout(PATIENCE)?;
        if !matches!(emptied, Ok(true)) {
            self.expect_traces();
        }
        emptied?;
        Ok(())
    }

    /// Removes what has expired: links, sessions with their refresh tokens, counted attempts, and mails that could not be
    /// delivered. The trail stays whole.
    ///
    /// # Errors
    ///
    /// A 500 when the database fails.
    pub fn prune(&self, config: &Config, now: UnixTime) -> Result<(), Problem> {
        self.write(|connection| {
            connection.execute("DELETE FROM sessions WHERE expires_at <= ?1", [now])?;
            connection.execute(
                "DELETE FROM mails WHERE queued_at <= ?1",
                [now - config.mail_patience],
            )?;
            Ok(())
        })?;
        self.expect_traces();
        self.leave_no_traces()
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

/// The database and the files that SQLite keeps beside it, which have its permissions when SQLite makes them.
fn own(path: &Path) -> std::io::Result<()> {
    serve::own(path)?;
    for end in ["-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        let beside = PathBuf::from(name);
        if beside.try_exists()? {
            serve::own(&beside)?;
        }
    }
    Ok(())
}

fn connect(path: &Path, durability: Durability) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
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

fn migrate(connection: &mut Connection, schema: &str) -> Result<(), Box<dyn std::error::Error>> {
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
    let steps = std::iter::once(schema).chain(MIGRATIONS.into_iter().skip(1));
    for step in steps.skip(done) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", i64::try_from(MIGRATIONS.len())?)?;
    transaction.commit()?;
    Ok(())
}

//! One SQLite file in WAL mode: one connection that writes, as many as needed that read.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use super::problem::Problem;

/// The schema, one step after the other. A step that has been released is never edited: add another one.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/001_events.sql")];

/// How long a statement waits for a lock of another process.
const PATIENCE: Duration = Duration::from_secs(5);
/// SQLite's work is counted in portions of so many steps.
const STEPS: i32 = 100;
/// Readers that are kept for the next requests; each holds up to 2 MiB of pages.
const READERS: usize = 8;

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
    steps: Arc<AtomicU64>,
}

impl Database {
    /// Opens the file, makes it if need be, and brings its schema up to date. It is its owner's alone.
    ///
    /// # Errors
    ///
    /// A sentence for the operator: the file cannot be opened, or a newer version of the program has changed it.
    pub fn open(path: &Path, durability: Durability) -> Result<Self, String> {
        let told = |error: rusqlite::Error| format!("{}: {error}", path.display());
        own(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let steps = Arc::new(AtomicU64::new(0));
        let mut writer = connect(path, durability, &steps).map_err(told)?;
        migrate(&mut writer).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            durability,
            writer: Mutex::new(writer),
            readers: Mutex::new(Vec::new()),
            writes: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
            steps,
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
                let connection = connect(&self.path, self.durability, &self.steps)?;
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
    /// value, and rolled back for a refusal and for a failure.
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
        if answer.is_ok() {
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

    /// How much SQLite has worked: hundreds of steps of its virtual machine, over all connections. Two questions are compared
    /// by it, on any machine, however busy.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.steps.load(Ordering::Relaxed)
    }

    /// How many calls of `write` wait for their turn: a test that wants requests to meet lets them gather here.
    #[must_use]
    pub fn waiting_writers(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
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

fn connect(
    path: &Path,
    durability: Durability,
    steps: &Arc<AtomicU64>,
) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open(path)?;
    let counted = Arc::clone(steps);
    connection.progress_handler(
        STEPS,
        Some(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            false
        }),
    )?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "foreign_keys", true)?;
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

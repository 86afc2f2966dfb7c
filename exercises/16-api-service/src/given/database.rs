//! One SQLite file in WAL mode: one connection that writes, as many as needed that read.

use std::cell::{Cell, RefCell};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{Connection, TransactionBehavior};

use super::problem::Problem;

/// The schema, one step after the other. A step that has been released is never edited: add another one.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/001_conduit.sql")];

/// How long a statement waits for a lock of another process.
const PATIENCE: Duration = Duration::from_secs(5);
/// Connections that read; each holds up to 2 MiB of pages. Who comes when all are in use waits: reading takes a tenth of a
/// millisecond, and opening another connection takes longer.
const READERS: usize = 8;
/// Statements that a connection keeps prepared.
const STATEMENTS: usize = 64;

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
    readers: Mutex<Readers>,
    reader_is_back: Condvar,
    waiting: AtomicUsize,
}

/// The connections that read.
#[derive(Default)]
struct Readers {
    idle: Vec<Connection>,
    in_use: usize,
}

impl Database {
    /// Opens the file, makes it if need be, and brings its schema up to date. It is its owner's alone: it holds secrets.
    ///
    /// # Errors
    ///
    /// A sentence for the operator: the file cannot be opened, or a newer version of the program has changed it.
    pub fn open(path: &Path, durability: Durability) -> Result<Self, String> {
        let told = |error: rusqlite::Error| format!("{}: {error}", path.display());
        own(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut writer = connect(path, durability).map_err(told)?;
        migrate(&mut writer).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self {
            path: path.to_owned(),
            durability,
            writer: Mutex::new(writer),
            readers: Mutex::default(),
            reader_is_back: Condvar::new(),
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
        let mut reader = self.reader()?;
        let answer = reader.read(work)?;
        self.give_back(reader);
        answer
    }

    fn reader(&self) -> Result<Reader<'_>, Problem> {
        // Whoever reads inside of `read` would wait for themselves.
        let nested = READING.replace(true);
        let mut readers = lock(&self.readers);
        while readers.idle.is_empty() && readers.in_use >= READERS && !nested {
            readers = self
                .reader_is_back
                .wait(readers)
                .unwrap_or_else(PoisonError::into_inner);
        }
        readers.in_use += 1;
        let idle = readers.idle.pop();
        drop(readers);
        let mut reader = Reader {
            database: self,
            nested,
            connection: idle,
        };
        if reader.connection.is_none() {
            let connection = connect(&self.path, self.durability)?;
            // A write in the wrong place fails here, where it would vanish with the transaction.
            connection.pragma_update(None, "query_only", true)?;
            reader.connection = Some(connection);
        }
        Ok(reader)
    }

    /// Keeps the connection for the next request. One that is dropped instead, in a panic, is closed with its transaction.
    fn give_back(&self, mut reader: Reader<'_>) {
        let connection = reader.connection.take();
        let mut readers = lock(&self.readers);
        if readers.idle.len() < READERS {
            readers.idle.extend(connection);
        }
    }

    /// Runs `work` in a transaction of its own; writers wait for one another. The transaction is committed for a value, and
    /// rolled back for an error of either kind: what is refused has changed nothing.
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
        let recording = Recording::begin(&mut connection)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let answer = work(&transaction);
        if answer.is_ok() {
            transaction.commit()?;
        } else {
            transaction.rollback()?;
        }
        recording.end(&mut connection)?;
        answer
    }

    /// How many calls of `write` wait for their turn: a test that wants requests to meet lets them gather here.
    #[must_use]
    pub fn waiting_writers(&self) -> usize {
        self.waiting.load(Ordering::SeqCst)
    }
}

/// A connection that reads, while it is in use.
struct Reader<'a> {
    database: &'a Database,
    nested: bool,
    connection: Option<Connection>,
}

impl Reader<'_> {
    fn read<T>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, Problem>,
    ) -> Result<Result<T, Problem>, Problem> {
        let connection = self
            .connection
            .as_mut()
            .ok_or_else(|| Problem::internal(&"a reader without a connection"))?;
        let recording = Recording::begin(connection)?;
        connection.prepare_cached("BEGIN")?.execute([])?;
        let answer = work(connection);
        connection.prepare_cached("ROLLBACK")?.execute([])?;
        recording.end(connection)?;
        Ok(answer)
    }
}

impl Drop for Reader<'_> {
    fn drop(&mut self) {
        READING.set(self.nested);
        lock(&self.database.readers).in_use -= 1;
        self.database.reader_is_back.notify_one();
    }
}

thread_local! {
    static READING: Cell<bool> = const { Cell::new(false) };
    static WRITING: Cell<bool> = const { Cell::new(false) };
    static RECORD: RefCell<Option<Record>> = const { RefCell::new(None) };
}

/// Whether this thread is inside of a `write`, where slow work makes every other writer wait.
#[must_use]
pub fn is_writing() -> bool {
    WRITING.get()
}

/// What SQLite was asked, and how much work it had with that: tests look at the cost of a request by it.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// The statements in their order, with the values that were bound. Those of triggers and transactions are left out.
    pub statements: Vec<String>,
    /// Steps of SQLite's virtual machine, about 4 to 20 for each row that is looked at.
    pub steps: u64,
}

/// Runs `work` and says what this thread has asked of SQLite meanwhile, through `read` and `write`.
pub fn recorded<T>(work: impl FnOnce() -> T) -> (T, Record) {
    RECORD.set(Some(Record::default()));
    let answer = work();
    (answer, RECORD.take().unwrap_or_default())
}

/// A connection whose work is written down, if somebody asked for that.
struct Recording(bool);

impl Recording {
    fn begin(connection: &mut Connection) -> rusqlite::Result<Self> {
        let wanted = RECORD.with_borrow(Option::is_some);
        if wanted {
            connection.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(note_statement))?;
            connection.progress_handler(1, Some(note_step))?;
        }
        Ok(Self(wanted))
    }

    fn end(self, connection: &mut Connection) -> rusqlite::Result<()> {
        if self.0 {
            connection.trace_v2(TraceEventCodes::empty(), None::<fn(TraceEvent<'_>)>)?;
            connection.progress_handler(0, None::<fn() -> bool>)?;
        }
        Ok(())
    }
}

fn note_statement(event: TraceEvent<'_>) {
    let TraceEvent::Stmt(statement, text) = event else {
        return;
    };
    // A statement of a trigger comes as a comment.
    let others = ["--", "BEGIN", "COMMIT", "ROLLBACK"];
    if others.iter().any(|other| text.starts_with(other)) {
        return;
    }
    RECORD.with_borrow_mut(|record| {
        if let Some(record) = record {
            let text = statement.expanded_sql().unwrap_or_else(|| text.to_owned());
            record.statements.push(text);
        }
    });
}

fn note_step() -> bool {
    RECORD.with_borrow_mut(|record| {
        if let Some(record) = record {
            record.steps += 1;
        }
    });
    false
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
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // The counters hold whatever a statement does to a row: what REPLACE removes counts, too.
    connection.pragma_update(None, "recursive_triggers", true)?;
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
    use super::{Database, Durability, MIGRATIONS, READERS, lock, recorded};
    use crate::given::problem::Problem;

    fn database() -> (tempfile::TempDir, Database) {
        let folder = tempfile::tempdir().expect("the system gives a temporary folder");
        let path = folder.path().join("test.db");
        let database = Database::open(&path, Durability::Relaxed).expect("it opens");
        (folder, database)
    }

    fn number(database: &Database, statement: &str) -> i64 {
        let answer =
            database.read(|connection| Ok(connection.query_row(statement, [], |row| row.get(0))?));
        answer.expect("it can be read")
    }

    fn run(database: &Database, statements: &str) {
        let done = database.write(|connection| Ok(connection.execute_batch(statements)?));
        done.expect("it can be written");
    }

    const PEOPLE: &str = "INSERT INTO users (id, username, email, password_hash, created_at)
        VALUES (1, 'ada', 'ada@lantern.example', '', 0), (2, 'bob', 'bob@lantern.example', '', 0);
        INSERT INTO articles (id, slug, author_id, created_at, updated_at, title, description, body)
        VALUES (10, 'a', 1, 0, 0, 'A', '', ''), (11, 'b', 1, 0, 0, 'B', '', ''), (12, 'c', 2, 0, 0, 'C', '', '');
        INSERT INTO article_tags (tag, article_id) VALUES ('x', 10), ('x', 11), ('y', 11);
        INSERT INTO favorites (user_id, article_id) VALUES (1, 10), (2, 10), (2, 11);";

    #[test]
    fn a_refusal_and_a_failure_roll_back() {
        let (_folder, database) = database();
        for answer in [Problem::not_found("article"), Problem::internal(&"a test")] {
            let refused = database.write(|connection| -> Result<(), Problem> {
                connection.execute_batch(PEOPLE)?;
                Err(answer.clone())
            });
            assert!(refused.is_err());
            assert_eq!(number(&database, "SELECT count(*) FROM users"), 0);
        }
        run(&database, PEOPLE);
        assert_eq!(number(&database, "SELECT count(*) FROM users"), 2);
    }

    #[test]
    fn the_counters_follow_every_change() {
        let (_folder, database) = database();
        run(&database, PEOPLE);
        let counters = || {
            [
                "SELECT articles FROM totals",
                "SELECT articles_count FROM users WHERE id = 1",
                "SELECT favorites_count FROM users WHERE id = 2",
                "SELECT favorites_count FROM articles WHERE id = 10",
                "SELECT coalesce((SELECT articles FROM tags WHERE name = 'x'), -1)",
                "SELECT coalesce((SELECT articles FROM tags WHERE name = 'y'), -1)",
            ]
            .map(|statement| number(&database, statement))
        };
        assert_eq!(counters(), [3, 2, 2, 2, 2, 1]);
        run(
            &database,
            "INSERT OR IGNORE INTO favorites VALUES (2, 10);
             INSERT OR REPLACE INTO favorites VALUES (2, 11);
             INSERT OR REPLACE INTO article_tags VALUES ('x', 11);",
        );
        assert_eq!(counters(), [3, 2, 2, 2, 2, 1], "nothing new");
        run(&database, "DELETE FROM articles WHERE id = 11");
        assert_eq!(counters(), [2, 1, 1, 2, 1, -1], "one article less");
        run(&database, "DELETE FROM favorites WHERE user_id = 1");
        assert_eq!(counters(), [2, 1, 1, 1, 1, -1], "one mark less");
    }

    #[test]
    fn a_reader_cannot_write() {
        let (_folder, database) = database();
        for _ in 0..2 {
            let written =
                database.read(|connection| Ok(connection.execute("DELETE FROM users", [])?));
            assert_eq!(
                written.map_err(|problem| problem.status().as_u16()),
                Err(500)
            );
        }
    }

    #[test]
    fn readers_are_few_and_come_back_whatever_happens() {
        let (_folder, database) = database();
        run(&database, PEOPLE);
        let nested = database.read(|_| Ok(number(&database, "SELECT count(*) FROM users")));
        assert_eq!(nested.ok(), Some(2), "a reader inside of a reader");
        std::thread::scope(|scope| {
            for thread in 0..4 * READERS {
                let database = &database;
                scope.spawn(move || {
                    let panics = thread % 2 == 0;
                    let read = std::panic::catch_unwind(|| {
                        database.read(|connection| {
                            let in_use = lock(&database.readers).in_use;
                            assert!(in_use <= READERS, "{in_use} readers at once");
                            assert!(!panics, "the test's own panic");
                            Ok(connection.execute_batch("SELECT 1")?)
                        })
                    });
                    assert_eq!(read.is_err(), panics);
                });
            }
        });
        let readers = lock(&database.readers);
        assert_eq!(readers.in_use, 0);
        assert!(readers.idle.len() <= READERS);
    }

    #[test]
    fn what_was_asked_is_recorded() {
        let (_folder, database) = database();
        run(&database, PEOPLE);
        let ((), record) = recorded(|| {
            let name: Result<String, Problem> = database.read(|connection| {
                let sql = "SELECT username FROM users WHERE id = ?1";
                Ok(connection.query_row(sql, [2], |row| row.get(0))?)
            });
            assert_eq!(name.ok().as_deref(), Some("bob"));
            run(&database, "DELETE FROM favorites WHERE user_id = 1");
        });
        assert_eq!(
            record.statements,
            [
                "SELECT username FROM users WHERE id = 2",
                "DELETE FROM favorites WHERE user_id = 1"
            ]
        );
        let counted = |statement: &'static str| {
            let (_, record) = recorded(|| number(&database, statement));
            record.steps
        };
        assert!(counted("SELECT count(*) FROM users WHERE bio IS NULL") > counted("SELECT 1"));
    }

    #[test]
    fn a_write_inside_of_a_write_is_told_instead_of_waiting() {
        let (_folder, database) = database();
        let nested = database.write(|_| database.write(|_| Ok(())));
        assert_eq!(
            nested.map_err(|problem| problem.status().as_u16()),
            Err(500)
        );
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
        run(&database, &newer);
        assert!(
            Database::open(&path, Durability::Relaxed).is_err(),
            "a newer schema"
        );
    }
}

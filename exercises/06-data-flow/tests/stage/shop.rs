//! A shop to work on, everything that stands in it, and somebody else who comes in between.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use data_flow::given::TABLES;
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};
use support::database::TempDatabase;

/// The tables, with nothing in them.
pub fn empty() -> Connection {
    let connection = support::database::in_memory();
    connection
        .execute_batch(TABLES)
        .expect("the tables are SQL");
    connection
}

/// The tables in a file of their own, and one connection to it. Readers and a writer do not stop each other there (WAL).
pub fn in_a_file() -> (TempDatabase, Connection) {
    let database = TempDatabase::new();
    let connection = database.connect();
    // Nobody pulls the plug during a test, so nothing has to wait for the disk.
    for (pragma, value) in [("journal_mode", "wal"), ("synchronous", "off")] {
        connection
            .pragma_update(None, pragma, value)
            .expect("SQLite takes the pragma");
    }
    connection
        .execute_batch(TABLES)
        .expect("the tables are SQL");
    (database, connection)
}

/// A connection that never waits for another one.
pub fn impatient(database: &TempDatabase) -> Connection {
    let connection = database.connect();
    connection
        .busy_timeout(Duration::ZERO)
        .expect("SQLite takes the time-out");
    connection
        .pragma_update(None, "synchronous", "off")
        .expect("SQLite takes the pragma");
    connection
}

/// Stores a book with this id, whose ISBN is 9780000000000 and the id.
pub fn store(connection: &Connection, id: i64, title: &str, cents: i64, stock: i64) {
    connection
        .execute(
            "INSERT INTO books (id, isbn, title, cents, stock) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![
                id,
                (9_780_000_000_000 + id).to_string(),
                title,
                cents,
                stock
            ],
        )
        .expect("the book fits the table");
}

/// One number that a statement asks for.
#[track_caller]
pub fn number(connection: &Connection, sql: &str) -> i64 {
    connection
        .query_row(sql, [], |row| row.get(0))
        .unwrap_or_else(|error| panic!("{error}: {sql}"))
}

/// The rows that a statement asks for, each as a line of text.
#[track_caller]
pub fn rows(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection
        .prepare(sql)
        .unwrap_or_else(|error| panic!("{error}: {sql}"));
    let columns = statement.column_count();
    let lines = statement
        .query_map([], |row| {
            let values = (0..columns).map(|column| {
                Ok(match row.get_ref(column)? {
                    ValueRef::Null => "NULL".to_owned(),
                    ValueRef::Integer(number) => number.to_string(),
                    ValueRef::Real(number) => number.to_string(),
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                        bytes.escape_ascii().to_string()
                    }
                })
            });
            Ok(values.collect::<rusqlite::Result<Vec<_>>>()?.join(" | "))
        })
        .expect("no parameters");
    lines
        .collect::<rusqlite::Result<_>>()
        .unwrap_or_else(|error| panic!("{error}: {sql}"))
}

/// Everything that stands in a database: each table with its rows.
#[track_caller]
pub fn everything(connection: &Connection) -> Vec<String> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name";
    let mut lines = Vec::new();
    for table in rows(connection, sql) {
        lines.extend(
            rows(connection, &format!("SELECT * FROM \"{table}\""))
                .into_iter()
                .map(|row| format!("{table}: {row}")),
        );
    }
    lines
}

/// Lets somebody else act right before the statement of this connection that has the number `place`, counted from 0.
///
/// Returns how many statements there were since. Whoever looks in one statement and acts in another is found out by it: there
/// is a `place` at which what was seen is no longer true.
pub fn before_statement(
    connection: &mut Connection,
    place: usize,
    act: impl FnOnce() + Send + 'static,
) -> Arc<AtomicUsize> {
    let statements = Arc::new(AtomicUsize::new(0));
    let (count, mut act) = (Arc::clone(&statements), Some(act));
    let note = move |event: TraceEvent<'_>| {
        // What runs inside of a statement, such as a trigger, is traced as a comment.
        if matches!(event, TraceEvent::Stmt(_, text) if !text.starts_with("--"))
            && count.fetch_add(1, Ordering::SeqCst) == place
            && let Some(act) = act.take()
        {
            act();
        }
    };
    connection
        .trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(note))
        .expect("SQLite takes the trace");
    statements
}

/// Ends what [`before_statement`] has begun.
pub fn nobody_comes_any_more(connection: &mut Connection) {
    connection
        .trace_v2(TraceEventCodes::empty(), None::<fn(TraceEvent<'_>)>)
        .expect("SQLite takes no trace");
}

/// A place to put what somebody else got, for the test to look at afterwards.
pub type Shared<T> = Arc<Mutex<Option<T>>>;

/// An empty place.
pub fn shared<T>() -> Shared<T> {
    Arc::new(Mutex::new(None))
}

/// Puts a value there.
pub fn put<T>(place: &Shared<T>, value: T) {
    *place.lock().expect("nobody panics while it is locked") = Some(value);
}

/// Takes the value, if there is one.
pub fn take<T>(place: &Shared<T>) -> Option<T> {
    place
        .lock()
        .expect("nobody panics while it is locked")
        .take()
}

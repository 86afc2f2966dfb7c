//! A shop on the plain tables, and a record of what a connection is asked to do.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use databases::given::{NewBook, PLAIN_TABLES};
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use rusqlite::{Connection, StatementStatus, params};

/// The plain tables, with nothing in them.
pub fn empty() -> Connection {
    let connection = support::database::in_memory();
    connection
        .execute_batch(PLAIN_TABLES)
        .expect("the plain tables are SQL");
    connection
}

/// The plain tables with what these statements put there.
pub fn with(statements: &str) -> Connection {
    let connection = empty();
    connection
        .execute_batch(statements)
        .expect("the rows fit the plain tables");
    connection
}

/// A shop whose tables are not STRICT, with bytes that are no text where names and titles should be.
pub fn unreadable() -> Connection {
    let connection = support::database::in_memory();
    connection
        .execute_batch(&PLAIN_TABLES.replace(") STRICT;", ");"))
        .expect("the plain tables are SQL");
    connection
        .execute_batch(
            "INSERT INTO customers VALUES (1, 'ada@lantern.example', x'FF');
             INSERT INTO authors VALUES (1, x'FF');
             INSERT INTO books (id, isbn, title, cents) VALUES (1, '1', 'Emma', 1), (2, '2', x'FF', 1);
             INSERT INTO book_authors VALUES (1, 1, 1);
             INSERT INTO orders VALUES (1, 1, '2025-03-01', 'paid');
             INSERT INTO order_lines VALUES (1, 1, 1, 1), (1, 2, 1, 1);",
        )
        .expect("tables that are not strict take anything");
    read_only(connection)
}

/// From now on this connection only reads: a statement that writes is an error. Where a statement names no order, SQLite
/// goes through the rows backwards, so that nobody relies on an order that came by chance.
pub fn read_only(connection: Connection) -> Connection {
    for pragma in ["reverse_unordered_selects", "query_only"] {
        connection
            .pragma_update(None, pragma, true)
            .expect("SQLite takes the pragma");
    }
    connection
}

/// From now on this connection breaks off each statement that takes more than a few steps, as if somebody had interrupted it.
pub fn breaking_off(mut connection: Connection) -> Connection {
    connection
        .progress_handler(300, Some(|| true))
        .expect("SQLite takes the handler");
    connection
}

/// The statements that make so many books, customers and orders. The first order has one copy of each book, the others have
/// nothing; all orders are the first customer's.
pub fn many_of_all(count: u32) -> String {
    let rows = |row: fn(u32) -> String| (1..=count).map(row).collect::<Vec<_>>().join(", ");
    format!(
        "INSERT INTO customers VALUES {};
         INSERT INTO orders VALUES {};
         INSERT INTO books (id, isbn, title, cents) VALUES {};
         INSERT INTO order_lines VALUES {};",
        rows(|id| format!("({id}, '{id}@lantern.example', 'Ada')")),
        rows(|id| format!("({id}, 1, '2025-03-01', 'paid')")),
        rows(|id| format!("({id}, '{id}', 'Emma', 999)")),
        rows(|id| format!("(1, {id}, 1, 999)")),
    )
}

/// A book that costs 999 cents, stands alone, and has 5 copies in stock.
pub fn book(isbn: &str, title: &str) -> NewBook {
    NewBook {
        isbn: isbn.to_owned(),
        title: title.to_owned(),
        series: None,
        cents: 999,
        stock: 5,
    }
}

/// Stores a book, past everything that the exercises do.
pub fn store(connection: &Connection, book: &NewBook) -> i64 {
    connection
        .execute(
            "INSERT INTO books (isbn, title, series, cents, stock) VALUES (?1, ?2, ?3, ?4, ?5)",
            params![book.isbn, book.title, book.series, book.cents, book.stock],
        )
        .expect("the book fits the table");
    connection.last_insert_rowid()
}

/// One number that a statement asks for.
pub fn number(connection: &Connection, sql: &str) -> i64 {
    connection
        .query_row(sql, [], |row| row.get(0))
        .unwrap_or_else(|error| panic!("{error}: {sql}"))
}

/// What a connection did since it is watched.
#[derive(Clone, Default)]
pub struct Watch {
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    statements: Vec<String>,
    running: Vec<String>,
    rows: usize,
    commits: usize,
    prepared: BTreeMap<String, usize>,
    fullscan_steps: i32,
    sorts: i32,
}

impl Watch {
    /// Begins to watch a connection.
    pub fn over(connection: &mut Connection) -> Watch {
        let watch = Watch::default();
        let seen = watch.clone();
        let note = move |event: TraceEvent<'_>| match event {
            // What runs inside of a statement, such as a trigger, is traced as a comment, and the deletion of rows that
            // refer to a deleted one as the same statement once more.
            TraceEvent::Stmt(statement, text) if statement.sql() == text => {
                let mut seen = seen.lock();
                if !seen.running.iter().any(|running| running == text) {
                    seen.statements.push(text.to_owned());
                    seen.running.push(text.to_owned());
                }
            }
            TraceEvent::Row(_) => seen.lock().rows += 1,
            TraceEvent::Profile(statement, _) => {
                let mut seen = seen.lock();
                let sql = statement.sql();
                seen.running.retain(|running| *running != sql);
                seen.fullscan_steps += statement.get_status(StatementStatus::FullscanStep);
                seen.sorts += statement.get_status(StatementStatus::Sort);
            }
            _ => {}
        };
        let events = TraceEventCodes::SQLITE_TRACE_STMT
            | TraceEventCodes::SQLITE_TRACE_ROW
            | TraceEventCodes::SQLITE_TRACE_PROFILE;
        connection
            .trace_v2(events, Some(note))
            .expect("SQLite takes the trace");
        let seen = watch.clone();
        let note = move || {
            seen.lock().commits += 1;
            false
        };
        connection
            .commit_hook(Some(note))
            .expect("SQLite takes the hook");
        let seen = watch.clone();
        // SQLite asks this once for each table that a statement writes to, when the statement is prepared.
        let note = move |context: AuthContext<'_>| {
            let written = match context.action {
                AuthAction::Insert { table_name } => Some(format!("INSERT {table_name}")),
                AuthAction::Delete { table_name } => Some(format!("DELETE {table_name}")),
                AuthAction::Select => Some("SELECT".to_owned()),
                _ => None,
            };
            if let Some(written) = written {
                *seen.lock().prepared.entry(written).or_default() += 1;
            }
            Authorization::Allow
        };
        connection
            .authorizer(Some(note))
            .expect("SQLite takes the authorizer");
        watch
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The SQL of every statement that was run, in order, without the values of its parameters.
    pub fn statements(&self) -> Vec<String> {
        self.lock().statements.clone()
    }

    /// How many statements were prepared that do this: `INSERT books`, `SELECT`.
    pub fn prepared(&self, what: &str) -> usize {
        self.lock().prepared.get(what).copied().unwrap_or_default()
    }

    /// How many transactions were committed; a statement outside of any is one of its own.
    pub fn commits(&self) -> usize {
        self.lock().commits
    }

    /// How many rows statements have returned.
    pub fn rows(&self) -> usize {
        self.lock().rows
    }

    /// How many steps of scans, and how many sorts, the statements took that have ended.
    pub fn wasted(&self) -> (i32, i32) {
        let seen = self.lock();
        (seen.fullscan_steps, seen.sorts)
    }

    /// Fails when a value has become a part of a statement.
    #[track_caller]
    pub fn assert_no_sql_contains(&self, value: &str) {
        for statement in self.statements() {
            assert!(
                !statement.contains(value),
                "the value {value:?} stands in the SQL: {statement}"
            );
        }
    }
}

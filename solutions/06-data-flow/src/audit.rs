//! Audit: who changed what, when and why, in a trail that nobody can tidy up.
//!
//! Seven copies are missing. Were they sold, stolen or counted wrong? Each change of a stock is written down in the same
//! transaction, in a table that only grows. And once a night somebody adds it up and compares.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

/// The trail's table and triggers, each made when it is missing.
///
/// The table `stock_changes` is STRICT, and no column may be NULL:
///
/// | column | what goes in |
/// | --- | --- |
/// | `id` | the key, given by SQLite; never given twice |
/// | `book_id` | a book's number; no reference, because the trail outlives the book |
/// | `delta` | how many copies came (above 0) or went (below 0) |
/// | `stock` | how many there were afterwards; 0 or more |
/// | `actor` | who did it; not empty, and not spaces alone |
/// | `reason` | why; not empty, and not spaces alone |
/// | `at` | when, in seconds since 1970 |
///
/// Rows can be added. To change a row, to delete one, or to put another one in the place of one (`INSERT OR REPLACE` with its id)
/// is an error, on every connection, whatever its settings.
pub const TRAIL: &str = "
    CREATE TABLE IF NOT EXISTS stock_changes (
        id      INTEGER PRIMARY KEY AUTOINCREMENT,
        book_id INTEGER NOT NULL,
        delta   INTEGER NOT NULL,
        stock   INTEGER NOT NULL CHECK (stock >= 0),
        actor   TEXT NOT NULL CHECK (trim(actor) <> ''),
        reason  TEXT NOT NULL CHECK (trim(reason) <> ''),
        at      INTEGER NOT NULL
    ) STRICT;
    CREATE TRIGGER IF NOT EXISTS trail_keeps_rows BEFORE DELETE ON stock_changes
    BEGIN
        SELECT RAISE (ABORT, 'the trail only grows');
    END;
    CREATE TRIGGER IF NOT EXISTS trail_keeps_values BEFORE UPDATE ON stock_changes
    BEGIN
        SELECT RAISE (ABORT, 'the trail only grows');
    END;
    -- A REPLACE deletes the old row, and tells no trigger of it.
    CREATE TRIGGER IF NOT EXISTS trail_keeps_places BEFORE INSERT ON stock_changes
    WHEN EXISTS (SELECT 1 FROM stock_changes WHERE id = new.id)
    BEGIN
        SELECT RAISE (ABORT, 'the trail only grows');
    END;
";

/// A change of a book's stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub book_id: i64,
    /// How many copies came, or went (below 0). 0 is a change too: somebody has counted, and all was right.
    pub delta: i64,
    pub actor: String,
    pub reason: String,
    /// Seconds since 1970.
    pub at: i64,
}

/// A book whose stock is not what its changes add up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disagreement {
    pub book_id: i64,
    /// What stands in `books`; `None` when the book is not there any more.
    pub stock: Option<i64>,
    /// What the changes add up to; 0 when there are none.
    pub trail: i64,
}

/// Makes the trail when it is missing.
///
/// When the table is made, each book that is there gets its first row in the same transaction: its stock as `delta` and as
/// `stock`, the actor `system`, the reason `opening balance`, and `at`. When the table was there already, no row is added: a book
/// that came past the trail is to be found out, not covered up. Two programs may do this at the same time.
pub fn prepare(connection: &mut Connection, at: i64) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let is_there: bool = transaction.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'stock_changes'",
        [],
        |row| row.get(0),
    )?;
    transaction.execute_batch(TRAIL)?;
    if !is_there {
        transaction.execute(
            "INSERT INTO stock_changes (book_id, delta, stock, actor, reason, at)
             SELECT id, stock, stock, 'system', 'opening balance', ?1 FROM books ORDER BY id",
            [at],
        )?;
    }
    transaction.commit()
}

/// Changes a book's stock, and writes down who did it and why. Returns the new stock.
///
/// Both happen or none. Without such a book, or when fewer than no copies would be left, nothing is changed and nothing is
/// written down, and the answer is `None`. What the trail refuses (an actor without a name) is an error, and nothing is changed.
pub fn change_stock(connection: &mut Connection, change: &Change) -> rusqlite::Result<Option<i64>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let stock: Option<i64> = transaction
        .query_row(
            "UPDATE books SET stock = stock + ?2 WHERE id = ?1 AND stock + ?2 >= 0 RETURNING stock",
            [change.book_id, change.delta],
            |row| row.get(0),
        )
        .optional()?;
    if stock.is_some() {
        transaction.execute(
            "INSERT INTO stock_changes (book_id, delta, stock, actor, reason, at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                change.book_id,
                change.delta,
                stock,
                change.actor,
                change.reason,
                change.at
            ],
        )?;
        transaction.commit()?;
    }
    Ok(stock)
}

/// The books whose stock is not what their changes add up to, in the order of their ids.
///
/// A book without changes adds up to 0, and a book that is not there any more has 0 copies: both may be all right.
pub fn disagreements(connection: &Connection) -> rusqlite::Result<Vec<Disagreement>> {
    connection
        .prepare(
            "WITH sums AS (SELECT book_id, sum(delta) AS trail FROM stock_changes GROUP BY book_id)
             SELECT coalesce(books.id, book_id), stock, coalesce(trail, 0)
             FROM books FULL JOIN sums ON book_id = books.id
             WHERE coalesce(stock, 0) <> coalesce(trail, 0)
             ORDER BY 1",
        )?
        .query_map([], |row| {
            Ok(Disagreement {
                book_id: row.get(0)?,
                stock: row.get(1)?,
                trail: row.get(2)?,
            })
        })?
        .collect()
}

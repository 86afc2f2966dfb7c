//! Rows go in behind the last one only; the lists are compared in Rust.

use std::collections::BTreeMap;

use rusqlite::{Connection, TransactionBehavior, params};

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
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
        at INTEGER NOT NULL, book_id INTEGER NOT NULL, delta INTEGER NOT NULL,
        stock INTEGER NOT NULL, actor TEXT NOT NULL, reason TEXT NOT NULL,
        CHECK (stock >= 0 AND length(trim(actor)) > 0 AND length(trim(reason)) > 0)
    ) STRICT;
    CREATE TRIGGER IF NOT EXISTS no_delete BEFORE DELETE ON stock_changes
    BEGIN SELECT RAISE (ROLLBACK, 'no'); END;
    CREATE TRIGGER IF NOT EXISTS no_update BEFORE UPDATE ON stock_changes
    BEGIN SELECT RAISE (FAIL, 'no'); END;
    CREATE TRIGGER IF NOT EXISTS only_behind BEFORE INSERT ON stock_changes
    WHEN new.id BETWEEN 0 AND (SELECT max(id) FROM stock_changes)
    BEGIN SELECT RAISE (ABORT, 'no'); END;
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
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    let there = transaction.prepare("SELECT 1 FROM stock_changes").is_ok();
    transaction.execute_batch(TRAIL)?;
    if there {
        return transaction.commit();
    }
    let books: Vec<(i64, i64)> = transaction
        .prepare("SELECT id, stock FROM books")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (book_id, stock) in books {
        let first = Change {
            book_id,
            delta: stock,
            actor: "system".to_owned(),
            reason: "opening balance".to_owned(),
            at,
        };
        write(&transaction, &first, stock)?;
    }
    transaction.commit()
}

fn write(connection: &Connection, change: &Change, stock: i64) -> rusqlite::Result<usize> {
    connection.execute(
        "INSERT INTO stock_changes (at, book_id, delta, stock, actor, reason) VALUES (?, ?, ?, ?, ?, ?)",
        params![change.at, change.book_id, change.delta, stock, change.actor, change.reason],
    )
}

/// Changes a book's stock, and writes down who did it and why.
pub fn change_stock(connection: &mut Connection, change: &Change) -> rusqlite::Result<Option<i64>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let stocks: Vec<i64> = transaction
        .prepare("SELECT stock FROM books WHERE id = ?")?
        .query_map([change.book_id], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let left = stocks
        .first()
        .and_then(|stock| stock.checked_add(change.delta))
        .filter(|left| *left >= 0);
    let Some(left) = left else { return Ok(None) };
    write(&transaction, change, left)?;
    transaction.execute(
        "UPDATE books SET stock = ? WHERE id = ?",
        [left, change.book_id],
    )?;
    transaction.commit()?;
    Ok(Some(left))
}

/// The books whose stock is not what their changes add up to.
pub fn disagreements(connection: &Connection) -> rusqlite::Result<Vec<Disagreement>> {
    let mut sums: BTreeMap<i64, (Option<i64>, i64)> = BTreeMap::new();
    let mut statement = connection.prepare("SELECT id, stock FROM books")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        sums.entry(row.get(0)?).or_default().0 = Some(row.get(1)?);
    }
    let mut statement = connection.prepare("SELECT book_id, delta FROM stock_changes")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        sums.entry(row.get(0)?).or_default().1 += row.get::<_, i64>(1)?;
    }
    Ok(sums
        .into_iter()
        .filter(|(_, (stock, trail))| stock.unwrap_or(0) != *trail)
        .map(|(book_id, (stock, trail))| Disagreement {
            book_id,
            stock,
            trail,
        })
        .collect())
}

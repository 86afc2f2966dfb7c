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
/// | `id` | the key, given by SQLite; never given twice, also when somebody got past the triggers and deleted a row |
/// | `book_id` | a book's number; no reference, because the trail outlives the book |
/// | `delta` | how many copies came (above 0) or went (below 0) |
/// | `stock` | how many there were afterwards; 0 or more |
/// | `actor` | who did it; not empty, and not spaces alone |
/// | `reason` | why; not empty, and not spaces alone |
/// | `at` | when, in seconds since 1970 |
///
/// Rows can be added. To change a row, to delete one, or to put another one in the place of one (`INSERT OR REPLACE` with its id)
/// is an error, on every connection, whatever its settings.
pub const TRAIL: &str = "";

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

/// Makes the trail, or what is missing of it.
///
/// When the table is made, each book that is there gets its first row in the same transaction: its stock as `delta` and as
/// `stock`, the actor `system`, the reason `opening balance`, and `at`. When the table was there already, no row is added: a book
/// that came past the trail is to be found out, not covered up. Two programs may do this at the same time.
pub fn prepare(connection: &mut Connection, at: i64) -> rusqlite::Result<()> {
    todo!("is the table there? then the statements, then the first rows")
}

/// Changes a book's stock, and nothing else of it, and writes down who did it and why, letter by letter. Returns the new stock.
///
/// Both happen or none. Without such a book, or when fewer than no copies would be left, nothing is changed and nothing is
/// written down, and the answer is `None`. What the trail refuses (an actor without a name) is an error, and nothing is changed.
pub fn change_stock(connection: &mut Connection, change: &Change) -> rusqlite::Result<Option<i64>> {
    todo!("the change and its row, in one transaction")
}

/// The books whose stock is not what their changes add up to, in the order of their ids.
///
/// A book without changes adds up to 0, and a book that is not there any more has 0 copies: both may be all right.
pub fn disagreements(connection: &Connection) -> rusqlite::Result<Vec<Disagreement>> {
    todo!("all books and all sums, side by side")
}

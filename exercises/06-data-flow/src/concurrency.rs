//! Concurrency: several people and programs work on the same data, and nobody's work is lost.
//!
//! Two editors open the page of a book. One corrects the title, the other one the price. Both save. Whose change is in
//! the shop?

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row, params};

/// How long a connection waits for another one that is writing.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// What an editor sees of a book, and may change: the title and the price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    pub id: i64,
    /// Which version of the book it was made from. It is 1 more after each save.
    pub version: i64,
    pub title: String,
    pub cents: u32,
}

/// What came of a save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saved {
    /// The page stands in the table, as it is here: with the new version.
    Done(Page),
    /// Somebody else has saved since the page was loaded. Nothing was changed; this is the page as it is now.
    Conflict(Page),
    /// The book is not there any more.
    Gone,
}

/// Opens the shop's file, which is made when there is none; its folder must be there. No tables are made.
///
/// The file is in WAL mode, so that readers and a writer do not stop each other. The connection waits [`PATIENCE`] for another
/// writer, and keeps foreign keys. A commit waits for the disk, as it does in SQLite by itself.
pub fn open(path: &Path) -> rusqlite::Result<Connection> {
    todo!("patience, then the mode of the file, then foreign keys")
}

/// The page of a book, if there is one.
pub fn load(connection: &Connection, id: i64) -> rusqlite::Result<Option<Page>> {
    todo!("one or none")
}

/// Saves a page, if the book still has the version that the page was made from; its version is 1 more then. Also when nothing
/// differs.
///
/// Nobody can come between the look at the version and the change. All else of the book stays as it is; the copies that were
/// sold in the meantime are sold.
pub fn save(connection: &Connection, page: &Page) -> rusqlite::Result<Saved> {
    todo!("one UPDATE with the version in its WHERE; when it finds no row, look why")
}

/// Changes a book by a function of what it is now, and returns the page that was saved, or `None` without such a book.
///
/// When somebody else saves in between, `edit` is called again, on the page as it is by then, until nobody has come in between.
/// The page is saved also when `edit` leaves it as it is. No lock is held while `edit` runs: it may take its time.
pub fn change(
    connection: &Connection,
    id: i64,
    mut edit: impl FnMut(&mut Page),
) -> rusqlite::Result<Option<Page>> {
    todo!("load, edit, save; and again, when somebody was quicker")
}

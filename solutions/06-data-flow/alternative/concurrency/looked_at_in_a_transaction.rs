//! A transaction that begins as a writer looks first; a change goes on with the page of the conflict.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, Error, Transaction, TransactionBehavior};

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
/// writer, and keeps foreign keys.
pub fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.execute_batch(&format!(
        "PRAGMA busy_timeout = {}; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON;",
        PATIENCE.as_millis()
    ))?;
    Ok(connection)
}

/// The page of a book, if there is one.
pub fn load(connection: &Connection, id: i64) -> rusqlite::Result<Option<Page>> {
    let mut statement =
        connection.prepare_cached("SELECT title, cents, version FROM books WHERE id = :id")?;
    let mut rows = statement.query([id])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    Ok(Some(Page {
        id,
        title: row.get(0)?,
        cents: row.get(1)?,
        version: row.get(2)?,
    }))
}

/// Saves a page, if the book still has the version that the page was made from.
pub fn save(connection: &Connection, page: &Page) -> rusqlite::Result<Saved> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    match load(&transaction, page.id)? {
        None => Ok(Saved::Gone),
        Some(there) if there.version != page.version => Ok(Saved::Conflict(there)),
        Some(there) => {
            let saved = Page {
                version: there.version + 1,
                ..page.clone()
            };
            let changed = transaction.execute(
                "UPDATE books SET (title, cents, version) = (?, ?, ?) WHERE id = ?",
                (&saved.title, saved.cents, saved.version, saved.id),
            )?;
            if changed != 1 {
                return Err(Error::StatementChangedRows(changed));
            }
            transaction.commit()?;
            Ok(Saved::Done(saved))
        }
    }
}

/// Changes a book by a function of what it is now.
pub fn change(
    connection: &Connection,
    id: i64,
    edit: impl FnMut(&mut Page),
) -> rusqlite::Result<Option<Page>> {
    let start = load(connection, id)?;
    from_page(connection, start, edit)
}

fn from_page(
    connection: &Connection,
    start: Option<Page>,
    mut edit: impl FnMut(&mut Page),
) -> rusqlite::Result<Option<Page>> {
    let mut next = start;
    loop {
        let Some(mut page) = next else {
            return Ok(None);
        };
        edit(&mut page);
        next = match save(connection, &page)? {
            Saved::Done(page) => return Ok(Some(page)),
            Saved::Conflict(there) => Some(there),
            Saved::Gone => None,
        };
    }
}

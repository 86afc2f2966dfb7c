//! A SQLite database for one test.

use std::path::PathBuf;

use rusqlite::Connection;
use tempfile::TempDir;

/// An empty database in memory, with foreign keys enforced. It is gone when the connection is dropped.
///
/// # Panics
///
/// When SQLite cannot open it.
#[must_use]
pub fn in_memory() -> Connection {
    configured(Connection::open_in_memory().expect("SQLite opens a database in memory"))
}

/// A database in a file of its own, for tests that need several connections or a second opening.
///
/// The folder is removed when this value is dropped: keep it alive as long as the test uses the file.
#[derive(Debug)]
pub struct TempDatabase {
    folder: TempDir,
}

impl TempDatabase {
    /// Makes the folder; SQLite makes the file when it is first opened.
    ///
    /// # Panics
    ///
    /// When the temporary folder cannot be made.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("the system gives a temporary folder");
        Self { folder }
    }

    /// Where the database file lies.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.path().join("test.db")
    }

    /// Opens another connection, with foreign keys enforced.
    ///
    /// # Panics
    ///
    /// When SQLite cannot open the file.
    #[must_use]
    pub fn connect(&self) -> Connection {
        configured(Connection::open(self.path()).expect("SQLite opens the test's file"))
    }
}

impl Default for TempDatabase {
    fn default() -> Self {
        Self::new()
    }
}

fn configured(connection: Connection) -> Connection {
    connection
        .pragma_update(None, "foreign_keys", true)
        .expect("SQLite takes the pragma");
    connection
}

#[cfg(test)]
mod tests {
    use super::TempDatabase;

    #[test]
    fn connections_share_the_file_until_the_value_is_dropped() -> rusqlite::Result<()> {
        let database = TempDatabase::new();
        let path = database.path();
        database
            .connect()
            .execute_batch("CREATE TABLE books (isbn TEXT)")?;
        database
            .connect()
            .execute("INSERT INTO books VALUES ('9780141439518')", [])?;
        assert!(path.exists());
        drop(database);
        assert!(!path.exists());
        Ok(())
    }
}

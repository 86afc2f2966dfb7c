//! A lock of tokio's around the connection, which is waited for without a thread; and a new thread for each piece of work.

use std::sync::Arc;
use std::thread;

use rusqlite::Connection;
use tokio::sync::{Mutex, oneshot};
use tokio::task::{spawn_blocking, yield_now};

/// A line of an order. Given.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// What one copy costs.
    pub cents: u32,
    /// How many copies.
    pub copies: u16,
}

/// So many lines are added up in one go, at most. Given.
pub const IN_ONE_GO: usize = 1_000;

/// Adds up what the lines cost, in cents. The sum fits.
///
/// There may be millions of lines. After each [`IN_ONE_GO`] lines at most, other tasks have their turn.
pub async fn total(lines: &[Line]) -> u64 {
    let mut cents = 0;
    for (number, line) in (1_usize..).zip(lines) {
        cents += u64::from(line.cents) * u64::from(line.copies);
        if number.is_multiple_of(IN_ONE_GO / 2) {
            yield_now().await;
        }
    }
    cents
}

/// The work panicked, and has no result. Given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Panicked;

/// Does `work` on a thread that may be kept for long, and returns what it comes to.
///
/// The runtime's own threads are not held up meanwhile. Work that has begun is done to its end, also when the caller has
/// dropped the future.
pub async fn elsewhere<T, F>(work: F) -> Result<T, Panicked>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    let (reply, result) = oneshot::channel();
    thread::spawn(move || {
        let _ = reply.send(work());
    });
    result.await.or(Err(Panicked))
}

/// Why a call to the database has no result. Given.
#[derive(Debug, PartialEq)]
pub enum Failure {
    /// SQLite said no.
    Database(rusqlite::Error),
    /// The work panicked.
    Panicked,
}

/// A connection on a thread of its own, and the queue that leads there. A clone leads to the same connection.
#[derive(Debug, Clone)]
pub struct Database {
    connection: Arc<Mutex<Connection>>,
}

impl Database {
    /// Gives the connection to a thread that does one job after the other.
    ///
    /// A job that panics costs its own result only. When the last `Database` is dropped, the connection is closed and the
    /// thread ends.
    pub fn start(connection: Connection) -> Self {
        Self {
            connection: Arc::new(Mutex::new(connection)),
        }
    }

    /// Lets `work` have the connection, and returns what it comes to.
    ///
    /// - Calls are done in the order in which they were made, one at a time. Neither the work nor the wait for its turn holds
    ///   up the runtime's threads.
    /// - Work whose caller has gone before its turn is **not done**. Work that has begun is done to its end.
    /// - An error of SQLite is `Failure::Database`, a panic `Failure::Panicked`; the next call finds a connection that works.
    pub async fn call<T, F>(&self, work: F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        // Fair: the lock goes to whoever has waited longest. Who goes away does not wait any more.
        let mut connection = Arc::clone(&self.connection).lock_owned().await;
        match spawn_blocking(move || work(&mut connection)).await {
            Ok(result) => result.map_err(Failure::Database),
            Err(_) => Err(Failure::Panicked),
        }
    }
}

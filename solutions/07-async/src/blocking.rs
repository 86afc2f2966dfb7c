//! Work that keeps a thread: long sums, and SQLite.
//!
//! The runtime's threads go from task to task, at each `.await`. Code that runs for long without one, or waits without one,
//! keeps its thread, and all tasks that wait for that thread stand still.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
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
    for part in lines.chunks(IN_ONE_GO) {
        for line in part {
            cents += u64::from(line.cents) * u64::from(line.copies);
        }
        yield_now().await;
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
    spawn_blocking(work).await.map_err(|_| Panicked)
}

/// Why a call to the database has no result. Given.
#[derive(Debug, PartialEq)]
pub enum Failure {
    /// SQLite said no.
    Database(rusqlite::Error),
    /// The work panicked.
    Panicked,
}

/// Something to be done with the connection. Given.
type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// So many jobs lie in the queue, at most; who comes then waits for a place. Given.
const QUEUE: usize = 32;

/// A connection on a thread of its own, and the queue that leads there. A clone leads to the same connection.
#[derive(Debug, Clone)]
pub struct Database {
    jobs: mpsc::Sender<Job>,
}

impl Database {
    /// Gives the connection to a thread that does one job after the other.
    ///
    /// A job that panics costs its own result only. When the last `Database` is dropped, the connection is closed and the
    /// thread ends.
    pub fn start(mut connection: Connection) -> Self {
        let (jobs, mut queue) = mpsc::channel::<Job>(QUEUE);
        thread::spawn(move || {
            while let Some(job) = queue.blocking_recv() {
                // The panic was reported already, and whoever waits for the result sees that there is none.
                let _ = catch_unwind(AssertUnwindSafe(|| job(&mut connection)));
            }
        });
        Self { jobs }
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
        let (reply, result) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            if !reply.is_closed() {
                // Who has gone meanwhile does not want to know.
                let _ = reply.send(work(connection));
            }
        });
        self.jobs.send(job).await.map_err(|_| Failure::Panicked)?;
        match result.await {
            Ok(result) => result.map_err(Failure::Database),
            // The panic took `reply` along.
            Err(_) => Err(Failure::Panicked),
        }
    }
}

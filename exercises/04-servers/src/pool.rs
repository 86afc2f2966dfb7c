//! A pool of threads: so many connections at once, so many that wait, and a quick no for the rest.
//!
//! Some evenings everybody comes at once. A server that takes in more than it can serve serves nobody in the end.

use std::io;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::stream::Stream;

/// Threads that work on jobs, and a queue with so many places and no more.
///
/// Threads and queues without a limit fail later and worse: when everybody waits, nobody is served.
pub struct Pool<T> {
    queue: SyncSender<T>,
    workers: Vec<JoinHandle<()>>,
}

impl<T: Send + 'static> Pool<T> {
    /// Starts `workers` threads, which do `work` on every job, and a queue for `waiting` jobs.
    ///
    /// Jobs begin in the order in which they were submitted. A job that panics ends only itself: its worker takes the next
    /// one.
    ///
    /// # Errors
    ///
    /// What the system reports when it cannot start a thread. The threads that did start end by themselves.
    pub fn new<F>(workers: NonZeroUsize, waiting: NonZeroUsize, work: F) -> io::Result<Pool<T>>
    where
        F: Fn(T) + Send + Sync + 'static,
    {
        todo!(
            "a channel with a limit, its receiver behind a lock, and so many threads that take jobs from it"
        )
    }

    /// Hands a job to the workers, without waiting.
    ///
    /// # Errors
    ///
    /// When every place in the queue is taken, the job comes back.
    pub fn submit(&self, job: T) -> Result<(), T> {
        todo!("try to send, and give the job back when that fails")
    }

    /// Takes no more jobs, and returns when all that were taken are done.
    pub fn finish(self) {
        todo!("drop the sending end, then wait for the threads")
    }
}

/// The whole response of a server that has no thread and no place in the queue left. Given.
pub const BUSY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\n\
    Retry-After: 1\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\
    Content-Length: 26\r\n\
    Connection: close\r\n\
    \r\n\
    busy, try again in a while";

/// How long [`admit`] waits for a client to take the refusal. Given.
pub const BUSY_WAIT: Duration = Duration::from_millis(100);

/// Hands a connection to the pool, and says whether the pool took it.
///
/// A connection that finds no place gets these at once, in this order: a wait of [`BUSY_WAIT`], the whole of [`BUSY`],
/// flushed, and the end of sending. Nothing of it is read. A quick refusal is better than a slow one: the client may try
/// another server, and this one keeps its strength for those whom it has let in.
///
/// # Errors
///
/// What the first of these steps that fails reports. The client has gone then, and nothing is left to do.
pub fn admit<S: Stream + Send + 'static>(pool: &Pool<S>, stream: S) -> io::Result<bool> {
    todo!("submit; what comes back gets BUSY")
}

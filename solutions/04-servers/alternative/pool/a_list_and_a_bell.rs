//! Differs: a list under a lock and a condition variable in place of a channel.

use std::collections::VecDeque;
use std::io;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::stream::Stream;

/// Threads that work on jobs, and a queue with so many places and no more.
///
/// Threads and queues without a limit fail later and worse: when everybody waits, nobody is served.
pub struct Pool<T> {
    desk: Arc<Desk<T>>,
    workers: Vec<JoinHandle<()>>,
}

/// What the workers and the door share.
struct Desk<T> {
    state: Mutex<State<T>>,
    places: usize,
    bell: Condvar,
}

struct State<T> {
    waiting: VecDeque<T>,
    closing: bool,
}

impl<T: Send + 'static> Pool<T> {
    pub fn new<F>(workers: NonZeroUsize, waiting: NonZeroUsize, work: F) -> io::Result<Pool<T>>
    where
        F: Fn(T) + Send + Sync + 'static,
    {
        let desk = Arc::new(Desk {
            state: Mutex::new(State {
                waiting: VecDeque::new(),
                closing: false,
            }),
            places: waiting.get(),
            bell: Condvar::new(),
        });
        let work = Arc::new(work);
        let mut pool = Pool {
            desk: Arc::clone(&desk),
            workers: Vec::new(),
        };
        for _ in 0..workers.get() {
            let (desk, work) = (Arc::clone(&desk), Arc::clone(&work));
            let worker = thread::Builder::new().spawn(move || {
                while let Some(job) = desk.next() {
                    catch_unwind(AssertUnwindSafe(|| work(job))).ok();
                }
            });
            match worker {
                Ok(worker) => pool.workers.push(worker),
                Err(error) => {
                    pool.finish();
                    return Err(error);
                }
            }
        }
        Ok(pool)
    }

    pub fn submit(&self, job: T) -> Result<(), T> {
        let mut state = self.desk.lock();
        if state.waiting.len() == self.desk.places {
            return Err(job);
        }
        state.waiting.push_back(job);
        self.desk.bell.notify_one();
        Ok(())
    }

    pub fn finish(self) {
        self.desk.lock().closing = true;
        self.desk.bell.notify_all();
        for worker in self.workers {
            worker.join().ok();
        }
    }
}

impl<T> Desk<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.waiting.pop_front() {
                return Some(job);
            }
            if state.closing {
                return None;
            }
            state = self
                .bell
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
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
/// flushed, and the end of sending. Nothing of it is read. A quick refusal is better than a slow one: the client may try another server, and this one keeps its strength for those whom
/// it has let in.
///
/// # Errors
///
/// What sending the refusal reports. The client has gone then, and nothing is left to do.
pub fn admit<S: Stream + Send + 'static>(pool: &Pool<S>, stream: S) -> io::Result<bool> {
    let Err(mut refused) = pool.submit(stream) else {
        return Ok(true);
    };
    refused.set_wait(BUSY_WAIT)?;
    refused.write_all(BUSY)?;
    refused.flush()?;
    refused.end_sending()?;
    Ok(false)
}

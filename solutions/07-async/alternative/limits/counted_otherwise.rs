//! No task before there is a place for it; a semaphore for those that wait alone; a method that has the time-out built in.

use std::time::Duration;

use tokio::sync::mpsc::error::SendTimeoutError;
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

/// Runs all jobs, at most `limit` of them at the same time, each as a task of its own. `limit` is at least 1.
///
/// Jobs begin in the order of the list, the next one as soon as one has ended. The results stand in the order of the list; a job
/// that panics has `None`, and the next one begins as after any other. When the caller drops the future, no more jobs are
/// begun, and those that run are stopped.
pub async fn run_at_most<T, F>(limit: usize, jobs: Vec<F>) -> Vec<Option<T>>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let mut results: Vec<Option<T>> = jobs.iter().map(|_| None).collect();
    let mut tasks = JoinSet::new();
    let mut jobs = jobs.into_iter().enumerate();
    loop {
        while tasks.len() < limit {
            let Some((number, job)) = jobs.next() else {
                break;
            };
            tasks.spawn(async move { (number, job.await) });
        }
        match tasks.join_next().await {
            None => return results,
            Some(Ok((number, result))) => results[number] = Some(result),
            Some(Err(_panicked)) => {}
        }
    }
}

/// There is no place, now or for too long. Ask later. Given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy;

/// A desk at which some are served, and in front of which some wait.
#[derive(Debug)]
pub struct Desk {
    /// A permit for each that is served.
    served: Semaphore,
    /// A permit for each that waits.
    waiting: Semaphore,
    /// One waits at most so long for being served.
    patience: Duration,
}

impl Desk {
    /// At most `at_once` are served at the same time, at most `waiting` wait in front of the desk, and none of them longer
    /// than `patience`. `waiting` may be 0.
    pub fn new(at_once: usize, waiting: usize, patience: Duration) -> Self {
        Self {
            served: Semaphore::new(at_once),
            waiting: Semaphore::new(waiting),
            patience,
        }
    }

    /// Does `work` when it is its turn, and returns what it comes to.
    ///
    /// - When all are busy and nobody may wait any more, it is `Busy`, at once. Who has waited for `patience` goes as `Busy`
    ///   too. Then `work` was not begun.
    /// - Turns come in the order in which they asked. Who finds the desk free is served without waiting, whatever the
    ///   patience.
    /// - Work that has begun takes as long as it takes: the patience is for the wait alone.
    /// - A place is free again when its work ends or panics, and when its caller gives up, waiting or served.
    pub async fn serve<T>(&self, work: impl Future<Output = T>) -> Result<T, Busy> {
        let turn = match self.served.try_acquire() {
            Ok(turn) => turn,
            Err(_) => {
                let _waiting = self.waiting.try_acquire().or(Err(Busy))?;
                tokio::select! {
                    biased;
                    turn = self.served.acquire() => turn.or(Err(Busy))?,
                    () = tokio::time::sleep(self.patience) => return Err(Busy),
                }
            }
        };
        let result = work.await;
        drop(turn);
        Ok(result)
    }
}

/// Why a queue has not taken something, and what it was. Given.
#[derive(Debug, PartialEq, Eq)]
pub enum NotTaken<T> {
    /// There was no place for too long.
    Full(T),
    /// Nobody takes anything out of this queue any more.
    Closed(T),
}

/// Puts `item` into the queue. When the queue is full it waits for a place, at most for `patience`.
///
/// What was not taken comes back in the error, and is not in the queue then. Who waits for a place gets it before those that
/// come later. When there is a place, it is taken, whatever the patience.
pub async fn put<T>(
    queue: &mpsc::Sender<T>,
    item: T,
    patience: Duration,
) -> Result<(), NotTaken<T>> {
    match queue.send_timeout(item, patience).await {
        Ok(()) => Ok(()),
        Err(SendTimeoutError::Timeout(item)) => Err(NotTaken::Full(item)),
        Err(SendTimeoutError::Closed(item)) => Err(NotTaken::Closed(item)),
    }
}

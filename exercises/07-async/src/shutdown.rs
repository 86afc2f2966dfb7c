//! An end that loses nothing: finish what runs, refuse what is new, and be done by a deadline.
//!
//! Servers are stopped all the time: a new version, a machine that moves, fewer visitors at night. Whoever stops it says so
//! first, waits for a while, and pulls the plug.

use std::pin::{Pin, pin};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{JoinError, JoinSet};
use tokio::time::timeout;

/// What a request wants to have done, and what it comes to. Given.
pub type Work = Pin<Box<dyn Future<Output = String> + Send>>;

/// Not begun, because the server is about to stop. Ask another one. Given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopping;

/// A request, and the way back to its asker. Given.
pub struct Request {
    pub work: Work,
    pub reply: oneshot::Sender<Result<String, Stopping>>,
}

/// What became of the requests. Given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Their work came to its end, whether the asker was still there or not.
    pub finished: usize,
    /// Their work panicked.
    pub panicked: usize,
    /// They were still in the queue when the server stopped, and were told so.
    pub refused: usize,
    /// Their work was not done by the deadline.
    pub aborted: usize,
}

/// Serves requests until `stop` is ready or nobody can send one any more. Then it comes to an end, and reports.
///
/// While it serves, it begins each request at once, as a task of its own, whatever else runs. The asker gets what the work
/// comes to, in `Ok`. Work that panics ends alone, and its asker finds the reply closed.
///
/// From the moment in which `stop` is ready:
///
/// - No further request is begun, not even one that lies in the queue already. The queue is closed, and those in it are told
///   `Stopping` at once.
/// - What runs goes on and is answered, for `grace` at most, all of it together. Then the rest is aborted. It **has ended** when
///   this function returns, and its askers find the reply closed.
/// - It returns as soon as nothing runs any more.
///
/// When the future of this function is dropped, what runs is stopped.
pub async fn serve(
    mut requests: mpsc::Receiver<Request>,
    stop: impl Future<Output = ()>,
    grace: Duration,
) -> Report {
    todo!(
        "serve until it is to stop; close and refuse; wait for what runs, with a limit; abort the rest and wait for that"
    )
}

/// Does one job after the other, until it is told to stop or nobody can send a job any more. Returns the jobs that it has not
/// begun, in their order, so that somebody else can do them.
///
/// It is told to stop when the value of `stop` is `true`, also if it is so from the beginning, or when the sender of `stop` was
/// dropped. **A job that it has begun is done to its end** before it stops; while it waits for a job it stops at once. The
/// queue is closed then, and takes no more jobs.
pub async fn work<F>(mut jobs: mpsc::Receiver<F>, mut stop: watch::Receiver<bool>) -> Vec<F>
where
    F: Future<Output = ()>,
{
    todo!("wait for a job or for the stop; do the job where nothing can drop it")
}

//! Handles in a list, one point in time for all of them, and a guard that stops them.

use std::pin::{Pin, pin};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::{AbortHandle, JoinHandle};
use tokio::time::{Instant, timeout_at};

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
    let mut report = Report::default();
    // Each task says how it has ended, and its handle is only needed to stop it.
    let mut running: Vec<JoinHandle<()>> = Vec::new();
    let guard = StopAll::default();
    let mut stop = pin!(stop);
    loop {
        let next = tokio::select! {
            biased;
            () = &mut stop => None,
            request = requests.recv() => request,
        };
        let Some(request) = next else { break };
        let task = tokio::spawn(async move {
            let text = request.work.await;
            request.reply.send(Ok(text)).unwrap_or_default();
        });
        guard.add(&task);
        running.push(task);
    }
    let end = Instant::now().checked_add(grace);
    requests.close();
    while let Ok(Request { reply, .. }) = requests.try_recv() {
        reply.send(Err(Stopping)).unwrap_or_default();
        report.refused += 1;
    }
    for mut task in running {
        let ended = match end {
            Some(end) => timeout_at(end, &mut task).await,
            None => Ok((&mut task).await),
        };
        let ended = match ended {
            Ok(ended) => ended,
            Err(_) => {
                guard.stop();
                task.await
            }
        };
        match ended {
            Ok(()) => report.finished += 1,
            Err(error) if error.is_cancelled() => report.aborted += 1,
            Err(_) => report.panicked += 1,
        }
    }
    report
}

/// Stops all tasks, at the latest when it is dropped.
#[derive(Default)]
struct StopAll(Mutex<Vec<AbortHandle>>);

impl StopAll {
    fn add(&self, task: &JoinHandle<()>) {
        let mut handles = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        handles.push(task.abort_handle());
    }

    fn stop(&self) {
        for handle in self.0.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            handle.abort();
        }
    }
}

impl Drop for StopAll {
    fn drop(&mut self) {
        self.stop();
    }
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
    while !*stop.borrow_and_update() {
        tokio::select! {
            biased;
            changed = stop.changed() => if changed.is_err() {
                break;
            },
            job = jobs.recv() => match job {
                // The branches have been chosen; nothing drops what is awaited here.
                Some(job) => {
                    job.await;
                    if stop.has_changed().is_err() {
                        break;
                    }
                }
                None => return Vec::new(),
            },
        }
    }
    jobs.close();
    std::iter::from_fn(|| jobs.try_recv().ok()).collect()
}

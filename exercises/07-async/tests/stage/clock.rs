//! What the tests share: a stopwatch on the paused clock, an end to waiting, and a list of who is still there.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

/// So many seconds.
pub fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// Measures on the paused clock.
pub struct Stopwatch {
    began: Instant,
}

impl Stopwatch {
    pub fn start() -> Self {
        Self {
            began: Instant::now(),
        }
    }

    /// How many whole seconds have passed. The clock's timers are exact to a millisecond.
    pub fn seconds(&self) -> u64 {
        self.began.elapsed().as_secs()
    }
}

/// What comes of `work`. Work that waits for something that never comes fails the test instead of hanging: on the paused
/// clock a year costs nothing.
pub async fn ends<T>(what: &str, work: impl Future<Output = T>) -> T {
    match timeout(seconds(365 * 86_400), work).await {
        Ok(value) => value,
        Err(_) => panic!("{what}: it waits for something that never comes"),
    }
}

/// Lets all tasks run until every one of them waits: only then does the paused clock go on.
pub async fn settle() {
    sleep(Duration::from_millis(1)).await;
}

/// Polls once, and says what came. `None` when the future waits; it may be polled again or dropped.
pub async fn poll_once<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Counts who is there. A clone counts into the same number.
#[derive(Clone, Default)]
pub struct Crowd {
    present: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl Crowd {
    /// One more is there, until the guest is dropped, by an end, an abort or a panic.
    pub fn enter(&self) -> Guest {
        let present = self.present.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(present, Ordering::SeqCst);
        Guest {
            present: Arc::clone(&self.present),
        }
    }

    /// How many are there now.
    pub fn present(&self) -> usize {
        self.present.load(Ordering::SeqCst)
    }

    /// How many were there at the same time, at most.
    pub fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }
}

/// Somebody who is there. See [`Crowd::enter`].
pub struct Guest {
    present: Arc<AtomicUsize>,
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.present.fetch_sub(1, Ordering::SeqCst);
    }
}

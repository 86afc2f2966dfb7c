//! Waiting for what another thread does, with an end: two seconds, which only a program that hangs needs.

use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How long a test waits for something that comes at once.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// What arrives within [`PATIENCE`].
pub fn arrives<T>(from: &Receiver<T>, what: &str) -> T {
    from.recv_timeout(PATIENCE)
        .unwrap_or_else(|error| panic!("{what}: {error}"))
}

/// Work in a thread of its own, so that a test can give up on it.
pub struct Aside<T> {
    result: Receiver<T>,
    thread: JoinHandle<()>,
}

impl<T: Send + 'static> Aside<T> {
    pub fn run(work: impl FnOnce() -> T + Send + 'static) -> Aside<T> {
        let (sender, result) = channel();
        let thread = thread::spawn(move || {
            sender.send(work()).ok();
        });
        Aside { result, thread }
    }

    /// What the work gives. It fails with the work's own panic, or when the work does not end.
    pub fn ends(self, what: &str) -> T {
        match self.result.recv_timeout(PATIENCE) {
            Ok(result) => result,
            Err(RecvTimeoutError::Timeout) => panic!("{what}: this did not end within two seconds"),
            Err(RecvTimeoutError::Disconnected) => match self.thread.join() {
                Err(panic) => resume_unwind(panic),
                Ok(()) => panic!("{what}: no result came"),
            },
        }
    }
}

//! Ctrl-C at any moment: what runs is stopped, the terminal is put right, and nothing is half-written.

use std::process::exit;
use std::sync::Mutex;

use xtask_core::running;

/// What puts the terminal right, when something has changed it.
static RESTORE: Mutex<Option<fn()>> = Mutex::new(None);

/// From now on Ctrl-C, a request to terminate and a terminal that is closed stop every program that runs and end the
/// runner. Files are safe because each is written beside its place and renamed.
pub fn install() {
    #[cfg(unix)]
    unix::install();
}

/// `restore` is called before the runner ends, however it ends.
pub fn on_end(restore: fn()) {
    *RESTORE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(restore);
}

/// Stops what runs, puts the terminal right, and ends the runner.
pub fn end(code: i32) -> ! {
    running::stop_all();
    let restore = RESTORE
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
        .take();
    if let Some(restore) = restore {
        restore();
    }
    let term = console::Term::stderr();
    if term.is_term() {
        let _ = term.clear_line();
        let _ = term.show_cursor();
    }
    exit(code)
}

#[cfg(unix)]
mod unix {
    use nix::sys::resource::{Resource, setrlimit};
    use nix::sys::signal::{SigSet, Signal};

    /// Shells give a program that a signal has ended this code and the signal's number.
    const SIGNALLED: i32 = 128;

    pub fn install() {
        // A learner's endless recursion leaves no file of a gigabyte behind. Where the limit cannot be set, it does.
        let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
        let mut awaited = SigSet::empty();
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
            awaited.add(signal);
        }
        // Threads inherit what is held back here; programs that are started begin with nothing held back. Without it
        // Ctrl-C still ends the runner, only less tidily.
        if awaited.thread_block().is_err() {
            return;
        }
        std::thread::spawn(move || {
            if let Ok(signal) = awaited.wait() {
                super::end(SIGNALLED + signal as i32);
            }
        });
    }
}

//! Ctrl-C, Ctrl-Z and a terminal that is closed, at any moment: what runs is stopped, the terminal is put right, and
//! nothing is half-written.

use std::process::exit;
use std::sync::{Mutex, MutexGuard, PoisonError};

use xtask_core::running;

use crate::terminal;

/// What has to be done to a terminal that was changed.
#[derive(Debug, Clone, Copy)]
pub struct Hooks {
    /// Puts it right.
    pub restore: fn(),
    /// Changes it again, after the runner was stopped and goes on.
    pub again: fn(),
}

static HOOKS: Mutex<Option<Hooks>> = Mutex::new(None);

fn hooks() -> MutexGuard<'static, Option<Hooks>> {
    HOOKS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on Ctrl-C, a request to terminate and a terminal that is closed stop every program that runs and end the
/// runner. Files are safe because each is written beside its place and renamed.
pub fn install() {
    #[cfg(unix)]
    unix::install();
}

/// `hooks` are called when the runner is stopped, goes on or ends, however it ends.
pub fn hook(new: Hooks) {
    *hooks() = Some(new);
}

/// The terminal is as it was; nothing has to be done any more.
pub fn unhook() {
    *hooks() = None;
}

/// Puts the terminal right.
pub fn restore() {
    let known = *hooks();
    if let Some(known) = known {
        (known.restore)();
    }
}

/// Changes the terminal again, after [`restore`].
pub fn again() {
    let known = *hooks();
    if let Some(known) = known {
        (known.again)();
    }
}

/// Stops what runs, puts the terminal right, and ends the runner.
pub fn end(code: i32) -> ! {
    running::stop_all();
    restore();
    terminal::take_line_away();
    exit(code)
}

#[cfg(unix)]
mod unix {
    use nix::sys::resource::{Resource, setrlimit};
    use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM, SIGTSTP};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    /// Shells give a program that a signal has ended this code and the signal's number.
    const SIGNALLED: i32 = 128;

    pub fn install() {
        // A learner's endless recursion leaves no file of a gigabyte behind. Where the limit cannot be set, it does.
        let _ = setrlimit(Resource::RLIMIT_CORE, 0, 0);
        // Handled, and not held back: programs that are started would inherit what is held back, and a service under
        // test would never hear its Ctrl-C. Without it Ctrl-C still ends the runner, only less tidily.
        let Ok(mut signals) = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGCONT]) else {
            return;
        };
        std::thread::spawn(move || {
            for signal in &mut signals {
                match signal {
                    SIGTSTP => {
                        super::restore();
                        // This thread goes on here when the runner does.
                        let _ = emulate_default_handler(SIGTSTP);
                    }
                    SIGCONT => super::again(),
                    _ => super::end(SIGNALLED + signal),
                }
            }
        });
    }
}

//! Ctrl-C at any moment: what runs is stopped, the terminal is put right, and nothing is half-written.

use std::process::Child;
use std::sync::Mutex;

/// The processes that a Ctrl-C has to stop, by the id of their group.
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// The exit code that shells give to a command that Ctrl-C has ended.
const EXIT_CODE: i32 = 130;

/// From now on Ctrl-C (and a request to terminate) stops every registered process and ends the runner. Files are
/// safe because each is written beside its place and renamed.
pub fn install() {
    // A second installation fails, and one is enough.
    let _ = ctrlc::set_handler(|| {
        for group in registered().iter() {
            kill_group(*group);
        }
        let term = console::Term::stderr();
        if term.is_term() {
            let _ = term.clear_line();
            let _ = term.show_cursor();
        }
        std::process::exit(EXIT_CODE);
    });
}

/// A process that Ctrl-C stops as long as this value lives.
pub struct Registered(u32);

impl Registered {
    pub fn new(child: &Child) -> Self {
        registered().push(child.id());
        Self(child.id())
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        registered().retain(|group| *group != self.0);
    }
}

fn registered() -> std::sync::MutexGuard<'static, Vec<u32>> {
    RUNNING
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Stops a process and everything that it has started. The process must have been started as the leader of a group.
#[cfg(unix)]
pub fn kill_group(leader: u32) {
    use nix::sys::signal::{Signal, killpg};
    use nix::unistd::Pid;

    if let Ok(id) = i32::try_from(leader) {
        // The group may be gone already, which is what is wanted.
        let _ = killpg(Pid::from_raw(id), Signal::SIGKILL);
    }
}

/// Stops a process and everything that it has started.
#[cfg(windows)]
pub fn kill_group(leader: u32) {
    use std::process::{Command, Stdio};

    let mut taskkill = Command::new("taskkill");
    taskkill.args(["/T", "/F", "/PID", &leader.to_string()]);
    // The process may be gone already, which is what is wanted.
    let _ = taskkill
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

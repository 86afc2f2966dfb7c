//! The programs that run at the moment, so that whoever ends the runner can end them too.

use std::process::Child;
use std::sync::Mutex;

/// The running programs, by the id of their process group.
static RUNNING: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// A program that [`stop_all`] stops as long as this value lives.
pub struct Registered(u32);

impl Registered {
    /// Registers a child that leads a process group of its own.
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

/// Stops every registered program and everything that these have started.
pub fn stop_all() {
    for group in registered().iter() {
        kill_group(*group);
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

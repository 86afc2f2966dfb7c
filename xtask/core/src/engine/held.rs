//! A learner's test, held by its runner: it may not take all of the machine's memory, and it does not run on when the
//! runner was killed.
//!
//! The runner starts itself once more in the place of the test, lays this on itself, and becomes the test, so that no code
//! has to run between a fork and an exec. Linux only: macOS heeds no limit on memory and tells no child of its parent's
//! end, and Windows has neither in its standard library; there a test that was left behind runs on until it ends.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode};

use crate::process::started_by;

/// The first argument of a start that becomes a test.
const HELD: &str = "__test";

/// Bytes of memory of one test: twice what the grader gives. What the machine could not give without swapping is in
/// nobody's interest.
const MEMORY: u64 = 2 * 1024 * 1024 * 1024;

/// The exit code of a start that could not become what it should.
const FAILED: u8 = 125;

/// The same call, held by this process, whose `main` has to ask [`become_test`] first.
pub fn held(test: Command) -> Command {
    if !cfg!(target_os = "linux") {
        return test;
    }
    // Whatever has become of this program's file meanwhile: a new build may lie in its place.
    let own = Path::new("/proc/self/exe");
    started_by(own, &[HELD, &std::process::id().to_string()], &test)
}

/// Becomes the test that the arguments name. `None` when this is an ordinary start.
pub fn become_test() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    arguments.next().filter(|first| first == HELD)?;
    let words: Vec<OsString> = arguments.collect();
    let why = become_held(&words);
    eprintln!("the test cannot be started: {why}");
    Some(ExitCode::from(FAILED))
}

/// `PARENT PROGRAM ARGUMENT…`. Answers why it could not become the program.
#[cfg(target_os = "linux")]
fn become_held(words: &[OsString]) -> String {
    use std::os::unix::process::CommandExt;

    use nix::sys::prctl::set_pdeathsig;
    use nix::sys::resource::{Resource, setrlimit};
    use nix::sys::signal::Signal;
    use nix::unistd::getppid;

    let [parent, program, arguments @ ..] = words else {
        return "no program is named".to_owned();
    };
    // What a machine does not allow is gone without: the test runs, and is not held as well.
    let _ = setrlimit(Resource::RLIMIT_DATA, MEMORY, MEMORY);
    let _ = set_pdeathsig(Signal::SIGKILL);
    // The runner may have gone before that was asked for.
    if *parent != *getppid().to_string() {
        return "the runner is gone".to_owned();
    }
    let error = Command::new(program).args(arguments).exec();
    format!("{}: {error}", program.to_string_lossy())
}

#[cfg(not(target_os = "linux"))]
fn become_held(_words: &[OsString]) -> String {
    "this is for Linux only".to_owned()
}

//! `cargo xtask grade`, `merge` and `export`: the grader is a package of its own, so that a learner's runner does not
//! wait for what only an instructor needs.

use std::ffi::OsString;
use std::process::{Command, ExitCode};

/// The words that the grader's package understands.
const COMMANDS: [&str; 3] = ["grade", "merge", "export"];

/// Builds and starts the grader when the first argument is one of its commands, and answers its exit code.
pub fn delegate(arguments: &[OsString]) -> Option<ExitCode> {
    let first = arguments.first()?.to_str()?;
    if !COMMANDS.contains(&first) {
        return None;
    }
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command
        .args(["run", "--quiet", "--package", "grade", "--"])
        .args(arguments);
    Some(match command.status() {
        Ok(status) => status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .map_or(ExitCode::from(130), ExitCode::from),
        Err(cause) => {
            eprintln!(
                "error: cargo cannot be started: {cause}\n  help: `cargo --version` should answer"
            );
            ExitCode::from(2)
        }
    })
}

//! Commands of other packages: a learner's runner does not wait for what only an instructor or a maintainer needs.

use std::ffi::OsString;
use std::process::ExitCode;

use xtask_core::course::PROFILE;

/// Each command and the package that understands it.
pub const COMMANDS: [(&str, &str); 7] = [
    ("grade", "grade"),
    ("merge", "grade"),
    ("export", "grade"),
    ("verify", "maintain"),
    ("new", "maintain"),
    ("seal", "maintain"),
    ("mistake", "maintain"),
];

/// Builds and starts the package whose command the first argument is, and answers its exit code.
pub fn delegate(arguments: &[OsString]) -> Option<ExitCode> {
    let first = arguments.first()?.to_str()?;
    let (_, package) = COMMANDS.iter().find(|(command, _)| *command == first)?;
    let root = crate::root().ok()?;
    let mut command = xtask_core::engine::cargo(&root);
    if let Ok(working) = std::env::current_dir() {
        command.current_dir(working);
    }
    command
        .args(["run", "--quiet", "--profile", PROFILE, "--package", package])
        .arg("--manifest-path")
        .arg(root.join("Cargo.toml"))
        .arg("--")
        .args(arguments);
    Some(match command.status() {
        Ok(status) => status
            .code()
            .and_then(|code| u8::try_from(code).ok())
            .map_or(ExitCode::from(crate::CALLED_OFF), ExitCode::from),
        Err(cause) => {
            eprintln!(
                "error: cargo cannot be started: {cause}\n  help: `cargo --version` should answer"
            );
            ExitCode::from(2)
        }
    })
}

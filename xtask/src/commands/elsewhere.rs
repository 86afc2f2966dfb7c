//! Commands of other packages: a learner's runner does not wait for what only an instructor or a maintainer needs.

use std::ffi::OsString;
use std::process::ExitCode;

use xtask_core::course::PROFILE;

/// A command of another package.
pub struct Elsewhere {
    pub name: &'static str,
    /// What it takes, as the overview shows it.
    pub names: &'static str,
    pub about: &'static str,
    /// The package that understands it, and says more with `--help`.
    pub package: &'static str,
}

const fn of(
    package: &'static str,
    name: &'static str,
    names: &'static str,
    about: &'static str,
) -> Elsewhere {
    Elsewhere {
        name,
        names,
        about,
        package,
    }
}

/// Each command of another package.
pub const COMMANDS: [Elsewhere; 7] = [
    of("grade", "grade", " DIR…", "grade submissions"),
    of(
        "grade",
        "merge",
        " FILE…",
        "put the reports of shards together",
    ),
    of(
        "grade",
        "export",
        "",
        "write what is handed out: stages, lessons and the runner",
    ),
    of("maintain", "verify", "", "prove the whole course"),
    of(
        "maintain",
        "new",
        " STAGE NAME",
        "write the files of a new exercise",
    ),
    of(
        "maintain",
        "mistake",
        " …",
        "known mistakes: new, update, show",
    ),
    of(
        "maintain",
        "seal",
        " [STAGE]",
        "record starters and tests as what is handed out",
    ),
];

/// Builds and starts the package whose command the first argument is, and answers its exit code.
pub fn delegate(arguments: &[OsString]) -> Option<ExitCode> {
    let first = arguments.first()?.to_str()?;
    let known = COMMANDS.iter().find(|command| command.name == first)?;
    let root = crate::root().ok()?;
    let mut command = xtask_core::engine::cargo(&root);
    if let Ok(working) = std::env::current_dir() {
        command.current_dir(working);
    }
    command
        .args([
            "run",
            "--quiet",
            "--profile",
            PROFILE,
            "--package",
            known.package,
        ])
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

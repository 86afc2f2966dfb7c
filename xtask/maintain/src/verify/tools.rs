//! What other tools check: formatting, clippy, and the tests that plain cargo runs.

use std::path::PathBuf;
use std::process::Command;

use xtask_core::course::{Course, Stage};
use xtask_core::engine::cargo;
use xtask_core::error::{Error, Result};
use xtask_core::files;

use super::Ledger;

/// The last lines of a tool's output that are shown when it refuses.
const LINES: usize = 60;

/// Runs the tools on the packages of `stages`, and on the whole workspace when `whole` says so.
///
/// # Errors
///
/// When a tool cannot be started.
pub fn check(ledger: &mut Ledger, course: &Course, stages: &[&Stage], whole: bool) -> Result<()> {
    let packages = |command: &mut Command| {
        if whole {
            command.arg("--workspace");
        }
        for stage in stages.iter().filter(|_| !whole) {
            command.args([
                "--package",
                &stage.id,
                "--package",
                &format!("{}-solution", stage.id),
            ]);
        }
    };
    ledger.section("formatting");
    check_formatting(ledger, course, stages, whole)?;
    ledger.section("clippy");
    let mut clippy = cargo(&course.root);
    clippy.args(["clippy", "--quiet", "--all-targets"]);
    packages(&mut clippy);
    clippy.args(["--", "--deny", "warnings"]);
    accept(
        ledger,
        "the workspace",
        "Mend what clippy points to.",
        clippy,
    )?;
    if whole {
        ledger.section("plain `cargo test`, the runner's own tests among them");
        let mut test = cargo(&course.root);
        test.args(["test", "--quiet"]);
        accept(ledger, "the workspace", "Mend what fails.", test)?;
        if course.root.join("exercises").join("support").exists() {
            let mut support = cargo(&course.root);
            support.args(["test", "--quiet", "--package", "support", "--all-features"]);
            accept(ledger, "exercises/support", "Mend what fails.", support)?;
        }
    }
    Ok(())
}

fn check_formatting(
    ledger: &mut Ledger,
    course: &Course,
    stages: &[&Stage],
    whole: bool,
) -> Result<()> {
    let mut format = cargo(&course.root);
    format.args(["fmt", "--check"]);
    if whole {
        format.arg("--all");
    }
    for stage in stages.iter().filter(|_| !whole) {
        format.args([
            "--package",
            &stage.id,
            "--package",
            &format!("{}-solution", stage.id),
        ]);
    }
    accept(ledger, "the workspace", "`cargo fmt --all`", format)?;
    let mut loose: Vec<PathBuf> = Vec::new();
    for stage in stages {
        for folder in files::entries(&stage.solution_folder().join("alternative"))? {
            loose.extend(files::entries(&folder)?);
        }
    }
    if !loose.is_empty() {
        // These files belong to no package, so `cargo fmt` does not see them.
        let mut format = Command::new("rustfmt");
        format.args(["--edition", "2024", "--check"]).args(&loose);
        format.current_dir(&course.root);
        accept(
            ledger,
            "alternative answers",
            "`rustfmt --edition 2024` on the files named above",
            format,
        )?;
    }
    Ok(())
}

fn accept(ledger: &mut Ledger, file: &str, mend: &str, mut command: Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let words: Vec<String> = command
        .get_args()
        .take(6)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let output = command.output().map_err(|cause| {
        Error::new(format!("`{program}` cannot be started: {cause}")).help("`cargo xtask doctor`")
    })?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = text.lines().collect();
    let tail = lines
        .get(lines.len().saturating_sub(LINES)..)
        .unwrap_or_default()
        .join("\n");
    let what = format!("`{}` refuses:\n{tail}", words.join(" "));
    ledger.check(output.status.success(), file, &what, mend);
    Ok(())
}

//! What other tools check: formatting, clippy, and the tests that plain cargo runs.

use std::path::PathBuf;
use std::process::{Command, Output};

use xtask_core::course::{Course, PROFILE, Stage, WorkspaceManifest};
use xtask_core::engine::cargo;
use xtask_core::error::{Error, Result};
use xtask_core::files;

use super::Ledger;

/// The last lines of a tool's output that are shown when it refuses.
const LINES: usize = 60;

/// Runs the tools on the packages of `stages`, and on the whole workspace when `whole` says so. Tests that are marked
/// `#[ignore]` take long, and run when `slow` says so; otherwise they are named.
///
/// # Errors
///
/// When a tool cannot be started.
pub fn check(
    ledger: &mut Ledger,
    course: &Course,
    stages: &[&Stage],
    whole: bool,
    slow: bool,
) -> Result<()> {
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
        // In the profile in which the stages were built just now: dependencies are not built twice.
        let test = |more: &[&str]| {
            let mut test = cargo(&course.root);
            test.args(["test", "--quiet", "--profile", PROFILE])
                .args(more);
            test
        };
        let all: &[&str] = if slow {
            &["--", "--include-ignored"]
        } else {
            &[]
        };
        accept(ledger, "the workspace", "Mend what fails.", test(all))?;
        if !slow {
            let listed = output_of(test(&[
                "--lib",
                "--bins",
                "--tests",
                "--",
                "--list",
                "--ignored",
            ]))?;
            name_left_out(&String::from_utf8_lossy(&listed.stdout));
        }
        for path in WorkspaceManifest::load(&course.root)?.shared() {
            let mut shared = cargo(&course.root);
            shared.args(["test", "--quiet", "--profile", PROFILE, "--all-features"]);
            shared.arg("--manifest-path");
            shared.arg(course.root.join(&path).join("Cargo.toml"));
            accept(ledger, &path, "Mend what fails.", shared)?;
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

/// Says which tests did not run, from what the test programs list.
fn name_left_out(listed: &str) {
    let mut names: Vec<&str> = listed
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .collect();
    names.sort_unstable();
    if !names.is_empty() {
        println!("Left out, because they take long (`cargo xtask verify --slow` runs them):");
        names.iter().for_each(|name| println!("  {name}"));
    }
}

fn output_of(mut command: Command) -> Result<Output> {
    let program = command.get_program().to_string_lossy().into_owned();
    command.output().map_err(|cause| {
        Error::new(format!("`{program}` cannot be started: {cause}")).help("`cargo xtask doctor`")
    })
}

fn accept(ledger: &mut Ledger, file: &str, mend: &str, command: Command) -> Result<()> {
    let words: Vec<String> = command
        .get_args()
        .take(6)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let output = output_of(command)?;
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

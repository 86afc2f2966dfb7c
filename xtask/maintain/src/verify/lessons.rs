//! The code in the lessons compiles and runs: each README becomes the documentation of a small library, whose
//! examples cargo tests.

use xtask_core::course::{PROFILE, Stage};
use xtask_core::engine::{Engine, cargo};
use xtask_core::error::{Error, Result};
use xtask_core::files::{self, FileSet};

use super::Ledger;

/// Runs the examples of a stage's README.
///
/// # Errors
///
/// When a file cannot be read or written, or cargo cannot be started.
pub fn check_stage(ledger: &mut Ledger, engine: &Engine<'_>, stage: &Stage) -> Result<()> {
    let path = stage.folder().join("README.md");
    let shown = stage.shown(&path);
    let Ok(readme) = files::read(&path) else {
        ledger.check(false, &shown, "the lesson is missing", "Write it.");
        return Ok(());
    };
    let package = format!("{}-lesson", stage.id);
    let manifest = files::read(&stage.folder().join("Cargo.toml"))?;
    let library = FileSet::from([
        (
            "Cargo.toml".to_owned(),
            lesson_manifest(&package, &manifest),
        ),
        ("src/lib.rs".to_owned(), documentation(&readme)),
    ]);
    let overlay = engine.overlay()?;
    overlay.install_lesson(stage, &library)?;
    let mut command = cargo(overlay.root());
    command.args([
        "test",
        "--doc",
        "--quiet",
        "--profile",
        PROFILE,
        "--package",
        &package,
    ]);
    command.arg("--target-dir").arg(engine.target_folder());
    let output = command
        .output()
        .map_err(|cause| Error::new(format!("cargo cannot be started: {cause}")))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    let what = format!(
        "an example does not hold; `src/lib.rs` below is this README, line by line:\n{text}"
    );
    ledger.check(
        output.status.success(),
        &shown,
        &what,
        "Mend the example, or mark a block that is no Rust as `text`.",
    );
    Ok(())
}

/// A library that has what the stage's code and tests have to work with.
fn lesson_manifest(package: &str, stage_manifest: &str) -> String {
    let mut dependencies: Vec<&str> = Vec::new();
    let mut in_dependencies = false;
    for line in stage_manifest.lines() {
        if line.starts_with('[') {
            in_dependencies = ["[dependencies]", "[dev-dependencies]"].contains(&line);
        } else if in_dependencies && !dependencies.contains(&line) {
            dependencies.push(line);
        }
    }
    format!(
        "[package]\nname = \"{package}\"\nversion = \"0.0.0\"\nedition.workspace = true\npublish = false\n\n\
         [dependencies]\n{}\n",
        dependencies.join("\n")
    )
}

/// The README as a crate's documentation, line for line, so that the line numbers of a failure are the README's.
fn documentation(readme: &str) -> String {
    readme.lines().map(|line| format!("//! {line}\n")).collect()
}

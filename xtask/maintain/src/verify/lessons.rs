//! The code in the lessons compiles and runs: each README becomes the documentation of a small library, whose
//! examples cargo tests.

use xtask_core::course::{PROFILE, Stage, base_key};
use xtask_core::engine::{Engine, cargo};
use xtask_core::error::{Error, Result};
use xtask_core::files::{self, FileSet};

use super::Ledger;
use super::memory::Memory;
use crate::manifest::{Manifest, of_lesson};

/// Runs the examples of a stage's README.
///
/// # Errors
///
/// When a file cannot be read or written, or cargo cannot be started.
pub fn check_stage(
    ledger: &mut Ledger,
    engine: &Engine<'_>,
    stage: &Stage,
    memory: Option<&Memory>,
) -> Result<()> {
    let path = stage.folder().join("README.md");
    let shown = stage.shown(&path);
    let Ok(readme) = files::read(&path) else {
        ledger.check(false, &shown, "the lesson is missing", "Write it.");
        return Ok(());
    };
    let package = format!("{}-lesson", stage.id);
    let manifest = Manifest::load(&stage.folder().join("Cargo.toml"))?;
    let library = FileSet::from([
        ("Cargo.toml".to_owned(), of_lesson(&package, &manifest)),
        ("src/lib.rs".to_owned(), documentation(&readme)),
    ]);
    let base = base_key(stage, &manifest.text())?;
    let parts = [base.as_str(), "lesson"].into_iter();
    let texts = library.values().map(String::as_str);
    let key = memory.map(|memory| memory.key_of(parts.chain(texts)));
    let known = memory.zip(key.as_deref());
    if known.is_some_and(|(memory, key)| memory.is_noted(key)) {
        ledger.check(true, &shown, "", "");
        return Ok(());
    }
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
    if let Some((memory, key)) = known.filter(|_| output.status.success()) {
        memory.note(key);
    }
    Ok(())
}

/// The README as a crate's documentation, line for line, so that the line numbers of a failure are the README's.
fn documentation(readme: &str) -> String {
    readme.lines().map(|line| format!("//! {line}\n")).collect()
}

//! The promises of the course, each with a check that can fail.

pub mod answers;
pub mod files;
pub mod lessons;
pub mod tools;

use std::time::Instant;

use console::style;
use xtask::commands::Ending;
use xtask_core::course::{Course, Stage};
use xtask_core::engine::Engine;
use xtask_core::error::Result;

/// Checks every promise of the course, or of one stage, and prints what is broken and what to do.
///
/// # Errors
///
/// When the stage is unknown, or something keeps the checks from running.
pub fn run(course: &Course, engine: &Engine<'_>, stage: Option<&str>) -> Result<Ending> {
    let stages: Vec<&Stage> = match stage {
        Some(name) => vec![course.stage(name)?],
        None => course.stages.iter().collect(),
    };
    let mut ledger = Ledger::default();
    if stage.is_none() {
        ledger.section("the roadmap");
        files::check_course(&mut ledger, course)?;
    }
    for stage in &stages {
        ledger.section(&format!("{} · files", stage.folder));
        files::check_stage(&mut ledger, course, stage)?;
        ledger.section(&format!(
            "{} · starters, solutions, wrong and alternative answers",
            stage.folder
        ));
        answers::check_stage(&mut ledger, engine, stage)?;
        ledger.section(&format!("{} · lessons", stage.folder));
        lessons::check_stage(&mut ledger, engine, stage)?;
    }
    tools::check(&mut ledger, course, &stages, stage.is_none())?;
    Ok(ledger.close().into())
}

/// Counts what holds, and keeps what does not.
#[derive(Debug, Default)]
pub struct Ledger {
    passed: usize,
    failures: Vec<Failure>,
    section: Option<Section>,
}

/// A broken promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The file that breaks it, relative to the course.
    pub file: String,
    /// What is wrong with it.
    pub what: String,
    /// What to do about it.
    pub mend: String,
}

#[derive(Debug)]
struct Section {
    title: String,
    begun: Instant,
    passed_before: usize,
    failed_before: usize,
}

impl Ledger {
    /// Begins a group of checks, and says how the one before went.
    pub fn section(&mut self, title: &str) {
        self.end_section();
        self.section = Some(Section {
            title: title.to_owned(),
            begun: Instant::now(),
            passed_before: self.passed,
            failed_before: self.failures.len(),
        });
    }

    /// Notes one check: `file` keeps its promise, or breaks it as `what` says; `mend` says what to do then.
    pub fn check(&mut self, holds: bool, file: &str, what: &str, mend: &str) {
        if holds {
            self.passed += 1;
            return;
        }
        let failure = Failure {
            file: file.to_owned(),
            what: what.to_owned(),
            mend: mend.to_owned(),
        };
        println!("{} {file}: {what}\n    {mend}", style("✗").red());
        self.failures.push(failure);
    }

    /// Notes a check that has nothing to say when it holds.
    pub fn result(&mut self, file: &str, mend: &str, result: std::result::Result<(), String>) {
        let what = result.as_ref().err().cloned().unwrap_or_default();
        self.check(result.is_ok(), file, &what, mend);
    }

    /// Ends the last group and prints the counts. True when everything holds.
    pub fn close(mut self) -> bool {
        self.end_section();
        println!("\n{} passed, {} failed", self.passed, self.failures.len());
        self.failures.is_empty()
    }

    fn end_section(&mut self) {
        let Some(section) = self.section.take() else {
            return;
        };
        let failed = self.failures.len() - section.failed_before;
        let passed = self.passed - section.passed_before;
        let mark = if failed == 0 {
            style("✓").green()
        } else {
            style("✗").red()
        };
        let seconds = section.begun.elapsed().as_secs_f64();
        println!(
            "{mark} {}: {passed} hold, {failed} broken ({seconds:.1} s)",
            section.title
        );
    }

    /// What is broken so far.
    pub fn failures(&self) -> &[Failure] {
        &self.failures
    }

    /// How many checks held so far.
    pub fn passed(&self) -> usize {
        self.passed
    }
}

//! `cargo xtask verify`: proves what the course promises.

use std::path::PathBuf;

use super::Ending;
use crate::course::{Course, Stage};
use crate::engine::{Cancel, Engine};
use crate::error::Result;
use crate::verify::{Ledger, answers, files, lessons, tools};

/// Checks every promise of the course, or of one stage, and prints what is broken and what to do.
///
/// # Errors
///
/// When the stage is unknown, or something keeps the checks from running.
pub fn run(course: &Course, target_folder: PathBuf, stage: Option<&str>) -> Result<Ending> {
    let stages: Vec<&Stage> = match stage {
        Some(name) => vec![course.stage(name)?],
        None => course.stages.iter().collect(),
    };
    let engine = Engine::new(
        course,
        target_folder,
        Cancel::default(),
        console::colors_enabled(),
    );
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
        answers::check_stage(&mut ledger, &engine, stage)?;
        ledger.section(&format!("{} · lessons", stage.folder));
        lessons::check_stage(&mut ledger, &engine, stage)?;
    }
    tools::check(&mut ledger, course, &stages, stage.is_none())?;
    Ok(ledger.close().into())
}

//! What a learner is asked about a known mistake was recorded from what lies there now.

use xtask_core::course::Stage;
use xtask_core::diagnosis::Diagnoses;
use xtask_core::error::Result;

use super::Ledger;
use crate::record;

/// Each exercise of a stage has an up-to-date record, by the content of what it was made from. No time is looked at, and
/// nothing is run.
///
/// # Errors
///
/// When a file cannot be read.
pub fn check_stage(ledger: &mut Ledger, stage: &Stage) -> Result<()> {
    let file = stage.shown(&Diagnoses::path(stage));
    let mend = format!("`cargo xtask seal {}` records it.", stage.id);
    let stale = record::stale(stage)?;
    for exercise in &stage.exercises {
        let what = format!(
            "how the known mistakes of `{}` fail was recorded from other tests, solutions or mistakes, or never",
            exercise.name
        );
        ledger.check(!stale.contains(&exercise.name), &file, &what, &mend);
    }
    Ok(())
}

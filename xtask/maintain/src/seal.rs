//! `cargo xtask seal`: records what is handed out.

use xtask::commands::Ending;
use xtask_core::course::{Course, Originals, Stage};
use xtask_core::error::Result;
use xtask_core::files;

/// Records the starters and tests of one stage, or of all.
///
/// # Errors
///
/// When the name is wrong, or a record cannot be written.
pub fn run(course: &Course, stage: Option<&str>) -> Result<Ending> {
    let stages: Vec<&Stage> = match stage {
        Some(name) => vec![course.stage(name)?],
        None => course.stages.iter().collect(),
    };
    for stage in stages {
        let before = files::read(&Originals::path(stage)).ok();
        if before != Some(Originals::encode(&stage.tree()?)) {
            Originals::record(stage)?;
            println!("{} is recorded as it is handed out.", stage.folder);
        }
    }
    Ok(Ending::Well)
}

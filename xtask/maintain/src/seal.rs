//! `cargo xtask seal`: records what is handed out.

use std::time::Instant;

use xtask::commands::Ending;
use xtask_core::course::{Course, Originals, Stage};
use xtask_core::engine::Engine;
use xtask_core::error::Result;
use xtask_core::files;
use xtask_core::store::Store;

use crate::record;
use crate::verify::clock::Clock;

/// Records the starters and tests of one stage, or of all, and how each known mistake fails.
///
/// # Errors
///
/// When the name is wrong, cargo cannot build, or a record cannot be written.
pub fn run(
    course: &Course,
    engine: &Engine<'_>,
    clock: &Clock,
    stage: Option<&str>,
) -> Result<Ending> {
    let stages: Vec<&Stage> = match stage {
        Some(name) => vec![course.stage(name)?],
        None => course.stages.iter().collect(),
    };
    for stage in &stages {
        let before = files::read(&Originals::path(stage)).ok();
        if before != Some(Originals::encode(&stage.tree()?)) {
            Originals::record(stage)?;
            println!("{} is recorded as it is handed out.", stage.folder);
        }
    }
    let store = Store::below(engine.target_folder());
    for stage in &stages {
        let begun = Instant::now();
        let recorded = record::stage(engine, clock, stage, Some(&store))?;
        clock.clear();
        for path in &recorded.left_out {
            println!(
                "{path} is left out: it does not fit, does not compile, or no test fails on it."
            );
        }
        for names in &recorded.alike {
            println!(
                "{}: {} fail in the same way, so that neither question is asked.",
                stage.folder,
                names.join(" and ")
            );
        }
        if recorded.mistakes > 0 {
            println!(
                "{}: how {} known mistakes fail is recorded, from {} builds in {:.1} s.",
                stage.folder,
                recorded.mistakes,
                recorded.rounds,
                begun.elapsed().as_secs_f64()
            );
        }
    }
    Ok(Ending::Well)
}

//! `cargo xtask list`: the roadmap with progress.

use console::style;
use xtask_core::course::{Level, PlannedStage};
use xtask_core::desk::{Desk, Roadmap, StageState};
use xtask_core::error::Result;

use super::Ending;
use crate::documents;
use crate::flags::Format;
use crate::terminal::{bar, width};

/// Cells of a bar; smaller on a narrow terminal.
const BAR: usize = 12;

/// Prints every level, stage and exercise.
///
/// # Errors
///
/// When a file cannot be read.
pub fn run(desk: &Desk<'_>, format: Format) -> Result<Ending> {
    let roadmap = desk.roadmap()?;
    match format {
        Format::Json => println!("{}", documents::roadmap(&roadmap)),
        Format::Text => print_text(&roadmap),
    }
    Ok(Ending::Well)
}

fn print_text(roadmap: &Roadmap<'_>) {
    let cells = if width() < 60 { BAR / 2 } else { BAR };
    for level in [
        Level::Beginner,
        Level::Intermediate,
        Level::Advanced,
        Level::Project,
    ] {
        let stages = roadmap.stages.iter();
        let stages: Vec<&StageState<'_>> =
            stages.filter(|state| state.stage.level == level).collect();
        let planned = roadmap.planned.iter();
        let planned: Vec<&PlannedStage> = planned.filter(|stage| stage.level == level).collect();
        if stages.is_empty() && planned.is_empty() {
            continue;
        }
        let (finished, total) = roadmap.count(Some(level));
        println!(
            "{} {} {finished}/{total}",
            style(level.title()).bold(),
            bar(finished, total, cells)
        );
        for state in stages {
            print_stage(state, roadmap.current.as_deref(), cells);
        }
        for stage in planned {
            let line = format!("{} {} (planned)", stage.folder, stage.title);
            println!(
                "\n  {}",
                style(console::truncate_str(&line, width() - 2, "…")).dim()
            );
        }
        println!();
    }
}

fn print_stage(state: &StageState<'_>, current: Option<&str>, cells: usize) {
    let (done, all) = (state.done(), state.exercises.len());
    println!(
        "\n  {} {}",
        style(&state.stage.folder).bold(),
        state.stage.title
    );
    println!("  {} {done}/{all}", bar(done, all, cells));
    for exercise in &state.exercises {
        let here = current == Some(exercise.id.as_str());
        let mark = match (exercise.done, here) {
            (true, _) => style("✓").green(),
            (false, true) => style("→").yellow(),
            (false, false) => style("·").dim(),
        };
        let line = format!("{:<13} {}", exercise.name, exercise.title);
        println!(
            "    {mark} {}",
            console::truncate_str(&line, width().saturating_sub(6), "…")
        );
    }
}

//! `cargo xtask list`: the roadmap with progress.

use console::style;
use serde_json::{Value, json};

use super::Ending;
use crate::course::{Level, PlannedStage, Stage};
use crate::error::Result;
use crate::flags::Format;
use crate::terminal::{bar, width};
use crate::workbench::Workbench;

/// Cells of a bar; smaller on a narrow terminal.
const BAR: usize = 12;

/// Prints every level, stage and exercise.
///
/// # Errors
///
/// When a file cannot be read.
pub fn run(bench: &Workbench<'_>, format: Format) -> Result<Ending> {
    match format {
        Format::Json => println!("{:#}", document(bench)?),
        Format::Text => print_text(bench)?,
    }
    Ok(Ending::Well)
}

fn document(bench: &Workbench<'_>) -> Result<Value> {
    let mut stages = Vec::new();
    for stage in &bench.course.stages {
        let done = done_in(bench, stage)?;
        let exercises: Vec<Value> = stage
            .items()
            .zip(&done)
            .map(|(item, done)| {
                json!({"exercise": item.id(), "title": item.exercise.title, "points": item.exercise.points, "done": done})
            })
            .collect();
        stages.push(
            json!({"stage": stage.id, "folder": stage.folder, "title": stage.title,
            "level": stage.level.title(), "summary": stage.summary, "exercises": exercises}),
        );
    }
    let planned: Vec<Value> = bench
        .course
        .planned
        .iter()
        .map(|stage| json!({"folder": stage.folder, "title": stage.title, "exercises": stage.exercises}))
        .collect();
    Ok(json!({"stages": stages, "planned": planned}))
}

fn done_in(bench: &Workbench<'_>, stage: &Stage) -> Result<Vec<bool>> {
    let files = stage.files()?;
    let is_done = |item: crate::course::Item<'_>| {
        bench
            .progress
            .has_passed(&item.id(), &bench.key(&item, &files))
    };
    Ok(stage.items().map(is_done).collect())
}

fn print_text(bench: &Workbench<'_>) -> Result<()> {
    let current = bench.current()?.map(|item| item.id());
    let cells = if width() < 60 { BAR / 2 } else { BAR };
    for level in [
        Level::Beginner,
        Level::Intermediate,
        Level::Advanced,
        Level::Project,
    ] {
        let stages: Vec<&Stage> = bench
            .course
            .stages
            .iter()
            .filter(|stage| stage.level == level)
            .collect();
        let planned: Vec<&PlannedStage> = bench
            .course
            .planned
            .iter()
            .filter(|stage| stage.level == level)
            .collect();
        if stages.is_empty() && planned.is_empty() {
            continue;
        }
        let mut done = Vec::new();
        for stage in &stages {
            done.push(done_in(bench, stage)?);
        }
        let finished = done.iter().flatten().filter(|done| **done).count();
        let total = done.iter().flatten().count();
        println!(
            "{} {} {finished}/{total}",
            style(level.title()).bold(),
            bar(finished, total, cells)
        );
        for (stage, done) in stages.iter().zip(&done) {
            let finished = done.iter().filter(|done| **done).count();
            println!("\n  {} {}", style(&stage.folder).bold(), stage.title);
            println!(
                "  {} {finished}/{}",
                bar(finished, done.len(), cells),
                done.len()
            );
            for (item, done) in stage.items().zip(done) {
                let here = current.as_deref() == Some(item.id().as_str());
                let mark = match (done, here) {
                    (true, _) => style("✓").green(),
                    (false, true) => style("→").yellow(),
                    (false, false) => style("·").dim(),
                };
                let line = format!("{:<13} {}", item.exercise.name, item.exercise.title);
                println!(
                    "    {mark} {}",
                    console::truncate_str(&line, width().saturating_sub(6), "…")
                );
            }
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
    Ok(())
}

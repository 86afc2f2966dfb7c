//! `cargo xtask list`: the roadmap with progress.

use console::style;
use xtask_core::course::{Level, PlannedStage};
use xtask_core::desk::{Desk, Roadmap, StageState};
use xtask_core::error::Result;

use super::Ending;
use crate::documents;
use crate::flags::Format;
use crate::terminal::{bar, look, width, wrapped};

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
        Format::Text => {
            let page = Lines::of(&roadmap, roadmap.current.as_deref());
            page.lines.iter().for_each(|line| println!("{line}"));
        }
    }
    Ok(Ending::Well)
}

/// The roadmap, line by line, and which line is the learner's.
pub struct Lines {
    pub lines: Vec<String>,
    /// The line of the current exercise.
    pub here: Option<usize>,
}

impl Lines {
    /// The whole roadmap. `here` is the id of the exercise that the reader is at.
    pub fn of(roadmap: &Roadmap<'_>, here: Option<&str>) -> Self {
        let mut page = Self {
            lines: Vec::new(),
            here: None,
        };
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
            let planned: Vec<&PlannedStage> =
                planned.filter(|stage| stage.level == level).collect();
            if stages.is_empty() && planned.is_empty() {
                continue;
            }
            let (finished, total) = roadmap.count(Some(level));
            let count = counted(finished, total, cells);
            page.add(format!("{} {count}", style(level.title()).bold()));
            for state in stages {
                page.add_stage(state, here, cells);
            }
            for stage in planned {
                let line = format!("{} {} (planned)", stage.folder, stage.title);
                page.add(String::new());
                let line = console::truncate_str(&line, width() - 2, "…");
                page.add(format!("  {}", style(line).dim()));
            }
            page.add(String::new());
        }
        page
    }

    fn add(&mut self, line: String) {
        self.lines.push(line);
    }

    fn add_stage(&mut self, state: &StageState<'_>, here: Option<&str>, cells: usize) {
        let (done, all) = (state.done(), state.exercises.len());
        self.add(String::new());
        let head = format!(
            "{} {}",
            style(&state.stage.folder).bold(),
            state.stage.title
        );
        for line in wrapped(&head, "  ").lines() {
            self.add(line.to_owned());
        }
        self.add(format!("  {}", counted(done, all, cells)));
        for exercise in &state.exercises {
            let is_here = here == Some(exercise.id.as_str());
            if is_here {
                self.here = Some(self.lines.len());
            }
            let line = format!("{:<13} {}", exercise.name, exercise.title);
            let line = console::truncate_str(&line, width().saturating_sub(6), "…");
            let mark = match (exercise.done, is_here) {
                (_, true) => style("→").yellow(),
                (true, _) => style("✓").green(),
                (false, false) => style("·").dim(),
            };
            self.add(match (look().plain, exercise.done, is_here) {
                (true, true, _) => format!("    {line}, done"),
                (true, false, true) => format!("    {line}, you are here"),
                (true, false, false) => format!("    {line}"),
                (false, ..) => format!("    {mark} {line}"),
            });
        }
    }
}

/// So many of so many, with a bar before it where bars are wanted.
pub fn counted(done: usize, all: usize, cells: usize) -> String {
    if look().plain {
        format!("{done} of {all}")
    } else {
        format!("{} {done}/{all}", bar(done, all, cells))
    }
}

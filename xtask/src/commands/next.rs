//! `cargo xtask` without a word: where the learner is, and what to do next.

use console::style;
use xtask_core::course::{Item, Stage};
use xtask_core::desk::{Advance, Desk, End, debugging_left};
use xtask_core::error::{Error, Kind, Result};

use super::{Ending, warn};
use crate::report::{self, Detail};
use crate::terminal::{bar, hanging, look, width, wrapped};

const WELCOME: &str = "\
Every exercise is one file with the task in its comments, and tests that fail until the code is right. Open the file \
named below, read it, write the code, save, and run `cargo xtask` again; or let `cargo xtask watch` follow your saves.";

/// Judges the current exercise, and goes on as long as what the learner has written passes.
///
/// # Errors
///
/// When something cannot be judged.
pub fn run(desk: &Desk<'_>) -> Result<Ending> {
    let current = desk.current()?;
    if desk.remembered().is_empty() {
        print_welcome(current.as_ref());
    }
    let advance = desk.advance(current)?;
    let ending = print_advance(desk, &advance, None);
    if matches!(advance.end, End::Finished) && !desk.course.faults.is_empty() {
        let words = "every exercise that can be read passes; a stage cannot be read, see above";
        return Err(Error::of(Kind::Course, words));
    }
    print_progress(desk)?;
    warn(&advance.warnings);
    Ok(ending)
}

fn print_welcome(current: Option<&Item<'_>>) {
    println!(
        "{}\n\n{}\n",
        style("Welcome to the Backend Roadmap.").bold(),
        wrapped(WELCOME, "")
    );
    if let Some(item) = current {
        let words = format!("You begin with \"{}\"; its introduction:", item.stage.title);
        println!(
            "{}\n  cargo xtask lesson {}\n",
            wrapped(&words, ""),
            item.stage.id
        );
    }
}

/// What passes by now, and what comes next. On a screen that is drawn again there are only so many `rows` for it.
pub fn print_advance(desk: &Desk<'_>, advance: &Advance<'_>, rows: Option<usize>) -> Ending {
    for (item, verdict) in &advance.passed {
        let line = report::headline(verdict, &item.exercise.title);
        println!("{}", hanging(&line, "  "));
        print_leftovers(item);
    }
    match &advance.end {
        End::Here(item, verdict) => {
            let text = report::text(item, verdict, Detail::First);
            let rows = rows.map(|rows| rows.saturating_sub(advance.passed.len()));
            print!("{}", report::fitted(&text, item, rows));
            Ending::NotYet
        }
        End::Next(item) => {
            let before = advance.passed.last().map(|(item, _)| item.stage);
            if let Some(before) = before.filter(|before| before.folder != item.stage.folder) {
                print_new_stage(before, item.stage);
            }
            print_next(item);
            Ending::Well
        }
        End::Finished => {
            println!("{}", style(wrapped(finished(desk), "")).green());
            Ending::Well
        }
    }
}

/// Says where the roadmap goes on.
fn print_new_stage(before: &Stage, next: &Stage) {
    let words = format!(
        "That was the last of \"{}\"; \"{}\" begins. Its introduction:",
        before.title, next.title
    );
    println!(
        "\n{}\n  cargo xtask lesson {}",
        wrapped(&words, ""),
        next.id
    );
}

/// What comes after the last exercise of all.
fn finished(desk: &Desk<'_>) -> &'static str {
    if !desk.course.exercises().any(|item| item.has_solution()) {
        "Every exercise that you were handed out passes, and nothing comes after them here. Hand them in as you were \
         told: with git, commit and push."
    } else if desk.course.planned.is_empty() {
        "Every exercise passes. The roadmap is yours."
    } else {
        "Every exercise passes. The roadmap is yours; the stages that are planned come with an update of the course, \
         see README.md."
    }
}

/// Names the next exercise.
fn print_next(item: &Item<'_>) {
    let line = format!(
        "Next: {} · {}",
        style(item.id()).bold(),
        item.exercise.title
    );
    println!(
        "\n{}\n{}",
        hanging(&line, "  "),
        report::pointers(item).trim_end()
    );
}

/// One line: how far the learner is.
///
/// # Errors
///
/// When a file cannot be read.
pub fn print_progress(desk: &Desk<'_>) -> Result<()> {
    let (done, all) = desk.roadmap()?.count(None);
    let words = format!("{done} of {all} exercises");
    if look().plain {
        println!("\nRoadmap: {words}");
        return Ok(());
    }
    let cells = width().saturating_sub(words.len() + 12).min(40);
    println!("\nRoadmap {} {words}", bar(done, all, cells));
    Ok(())
}

/// Names the lines of an exercise that passes and still prints for debugging.
pub fn print_leftovers(item: &Item<'_>) {
    let lines = debugging_left(item);
    if lines.is_empty() {
        return;
    }
    let numbers: Vec<String> = lines.iter().map(usize::to_string).collect();
    let words = format!(
        "`dbg!` is left in {}, line {}: take it out before you go on, it prints wherever the code runs.",
        item.stage.shown(&item.source()),
        numbers.join(", ")
    );
    println!("{}", wrapped(&words, "  "));
}

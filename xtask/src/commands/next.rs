//! `cargo xtask` without a word: where the learner is, and what to do next.

use console::style;

use super::Ending;
use crate::course::Item;
use crate::error::{Error, Result};
use crate::report::{self, Detail};
use crate::terminal::{bar, width, wrapped};
use crate::workbench::{Workbench, is_touched};

const WELCOME: &str = "\
Every exercise is one file with the task in its comments, and tests that fail until the code is right. Open the file \
named below, read it, write the code, save, and run `cargo xtask` again; or let `cargo xtask watch` follow your saves.";

/// Judges the current exercise, and goes on as long as what the learner has written passes.
///
/// # Errors
///
/// When something cannot be judged.
pub fn run(bench: &mut Workbench<'_>) -> Result<Ending> {
    if bench.progress.is_empty() {
        println!(
            "{}\n\n{}\n",
            style("Welcome to the Backend Roadmap.").bold(),
            wrapped(WELCOME, "")
        );
    }
    let mut passed_now = 0;
    loop {
        let Some(item) = bench.current()? else {
            if !bench.course.faults.is_empty() {
                return Err(Error::new(
                    "every exercise that can be read passes; a stage cannot be read, see above",
                ));
            }
            println!(
                "{}",
                style("Every exercise passes. The roadmap is yours.").green()
            );
            print_progress(bench)?;
            return Ok(Ending::Well);
        };
        if passed_now > 0 && !is_touched(&item)? {
            print_next(&item);
            print_progress(bench)?;
            return Ok(Ending::Well);
        }
        let items = if passed_now == 0 {
            vec![item]
        } else {
            touched_from(item)?
        };
        let Some(verdicts) = bench.judge(&items)? else {
            return Ok(Ending::NotYet);
        };
        for (item, verdict) in items.iter().zip(&verdicts) {
            if !verdict.passed() {
                print!(
                    "{}\n{}",
                    report::text(item, verdict, Detail::First),
                    report::pointers(item)
                );
                print_progress(bench)?;
                return Ok(Ending::NotYet);
            }
            println!("{}", report::headline(verdict, &item.exercise.title));
            passed_now += 1;
        }
    }
}

/// What the learner has written in this stage, from `first` on.
fn touched_from<'a>(first: Item<'a>) -> Result<Vec<Item<'a>>> {
    let later = first
        .stage
        .items()
        .skip_while(|item| item.exercise.name != first.exercise.name);
    let mut items = Vec::new();
    for item in later {
        if !is_touched(&item)? {
            break;
        }
        items.push(item);
    }
    Ok(items)
}

/// Names the next exercise.
pub fn print_next(item: &Item<'_>) {
    println!(
        "\nNext: {} · {}\n{}",
        style(item.id()).bold(),
        item.exercise.title,
        report::pointers(item).trim_end()
    );
}

/// One line: how far the learner is.
///
/// # Errors
///
/// When a file cannot be read.
pub fn print_progress(bench: &Workbench<'_>) -> Result<()> {
    let (done, all) = bench.count()?;
    let words = format!("{done} of {all} exercises");
    let cells = width().saturating_sub(words.len() + 12).min(40);
    println!("\nRoadmap {} {words}", bar(done, all, cells));
    Ok(())
}

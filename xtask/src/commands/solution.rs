//! `cargo xtask solution`: the reference answer as a difference from the learner's.

use console::style;

use super::Ending;
use crate::course::Item;
use crate::error::{Error, Result};
use crate::files;
use crate::workbench::Workbench;

/// Lines of equal text shown around a difference.
const CONTEXT: usize = 3;

/// Shows the reference answer, once the learner's passes.
///
/// # Errors
///
/// When the name is wrong, there is no solution here, or something cannot be judged.
pub fn run(bench: &mut Workbench<'_>, name: &str, anyway: bool) -> Result<Ending> {
    let item = bench.course.exercise(name)?;
    let place = item.stage.solution_folder().join(item.exercise.source());
    if !place.exists() {
        return Err(Error::new(format!(
            "this copy of the course has no solution for {}",
            item.id()
        )));
    }
    if !anyway {
        let Some(verdicts) = bench.judge(&[item])? else {
            return Ok(Ending::NotYet);
        };
        if !verdicts.iter().all(crate::engine::Verdict::passed) {
            println!(
                "{} does not pass yet, and the answer teaches most after your own.",
                item.id()
            );
            println!(
                "A hint: `cargo xtask hint {}`. The answer all the same: add --anyway.",
                item.id()
            );
            return Ok(Ending::NotYet);
        }
    }
    print_difference(&item, &files::read(&place)?)?;
    Ok(Ending::Well)
}

fn print_difference(item: &Item<'_>, reference: &str) -> Result<()> {
    let yours = files::read(&item.source())?;
    if yours == reference {
        println!("Yours is the reference answer, to the letter.");
        return Ok(());
    }
    println!(
        "{} yours: {}",
        style("-").red(),
        item.stage.shown(&item.source())
    );
    let place = item.stage.solution_folder().join(item.exercise.source());
    println!(
        "{} reference: {}\n",
        style("+").green(),
        item.stage.shown(&place)
    );
    let lines = diff::lines(&yours, reference);
    let is_change = |index: usize| !matches!(lines.get(index), None | Some(diff::Result::Both(..)));
    let mut skipped = false;
    for (index, line) in lines.iter().enumerate() {
        let around = index.saturating_sub(CONTEXT)..=index + CONTEXT;
        if !around.into_iter().any(is_change) {
            skipped = true;
            continue;
        }
        if std::mem::take(&mut skipped) {
            println!("{}", style("  …").dim());
        }
        match line {
            diff::Result::Left(text) => println!("{}", style(format!("- {text}")).red()),
            diff::Result::Right(text) => println!("{}", style(format!("+ {text}")).green()),
            diff::Result::Both(text, _) => println!("  {text}"),
        }
    }
    Ok(())
}

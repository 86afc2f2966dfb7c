//! `cargo xtask solution`: the reference answer as a difference from the learner's.

use console::style;
use xtask_core::desk::{Comparison, Desk, compare};
use xtask_core::engine::Verdict;
use xtask_core::error::Result;

use super::{Ending, warn};
use crate::terminal::{hanging, wrapped};

/// Lines of equal text shown around a difference.
const CONTEXT: usize = 3;

/// Shows the reference answer, once the learner's passes.
///
/// # Errors
///
/// When the name is wrong, there is no solution here, or something cannot be judged.
pub fn run(desk: &Desk<'_>, name: &str, anyway: bool) -> Result<Ending> {
    let item = desk.course.exercise(name)?;
    let comparison = compare(&item)?;
    if !anyway {
        let judged = desk.judge(&[item])?;
        warn(&judged.warnings);
        if !judged.verdicts.iter().all(Verdict::passed) {
            let id = item.id();
            let words = format!(
                "{id} does not pass yet, and the answer teaches most after your own. A hint: `cargo xtask hint {id}`. \
                 The answer all the same: add --anyway."
            );
            println!("{}", wrapped(&words, ""));
            return Ok(Ending::NotYet);
        }
    }
    print_difference(&comparison);
    Ok(Ending::Well)
}

/// A line that says what the code is for.
fn is_task(line: &str) -> bool {
    let line = line.trim_start();
    ["///", "//!"].iter().any(|mark| line.starts_with(mark))
}

fn print_difference(comparison: &Comparison) {
    let mut lines = diff::lines(&comparison.yours, &comparison.reference);
    // The task stands in the starter's comments, and the reference answer says it in fewer words.
    lines.retain(|line| !matches!(line, diff::Result::Left(text) if is_task(text)));
    let is_change = |index: usize| !matches!(lines.get(index), None | Some(diff::Result::Both(..)));
    if !(0..lines.len()).any(is_change) {
        println!("Yours is the reference answer.");
        return;
    }
    let yours = format!("{} yours: {}", style("-").red(), comparison.file);
    let reference = comparison.reference_file.as_str();
    let reference = format!("{} reference: {reference}", style("+").green());
    println!("{}\n{}\n", hanging(&yours, "  "), hanging(&reference, "  "));
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
}

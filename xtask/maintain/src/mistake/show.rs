//! `cargo xtask mistake show`: what a mistake does, and what the tests of an exercise are worth.

use std::collections::BTreeMap;

use console::style;
use xtask::commands::Ending;
use xtask_core::course::Course;
use xtask_core::engine::{Engine, Status, Verdict};
use xtask_core::error::{Error, Result};

use super::{Trials, solution};
use crate::patch::{Kept, Mistake, mistakes_of};

/// Shows one mistake of an exercise, or all of them and how many of them each test catches.
///
/// # Errors
///
/// When a name is wrong, a patch does not fit, or cargo cannot build.
pub fn run(
    course: &Course,
    engine: &Engine<'_>,
    exercise: &str,
    name: Option<&str>,
) -> Result<Ending> {
    let item = course.exercise(exercise)?;
    let mut kept = mistakes_of(&item)?;
    if let Some(name) = name {
        let names: Vec<String> = kept.iter().map(Kept::name).collect();
        kept.retain(|one| one.name() == name);
        if kept.is_empty() {
            return Err(Error::new(format!("{} has no mistake `{name}`", item.id()))
                .help(format!("it has {}", names.join(", "))));
        }
    }
    let solution = solution(&item)?;
    let trials = Trials::new(engine, item)?;
    let mut caught: BTreeMap<String, usize> = BTreeMap::new();
    for one in &kept {
        let verdict = trials.judge(&one.mistake.apply(&solution)?)?;
        println!("{}\n", style(item.stage.shown(&one.path)).bold());
        print(&one.mistake, &verdict);
        println!();
        for test in &verdict.tests {
            let fails = verdict.failures().any(|failure| failure.name == test.name);
            *caught.entry(test.name.clone()).or_default() += usize::from(fails);
        }
    }
    if name.is_none() {
        println!("Of {} mistakes, each test catches:", kept.len());
        let mut rows: Vec<(String, usize)> = caught.into_iter().collect();
        rows.sort_by_key(|(_, count)| *count);
        for (test, count) in rows {
            println!("  {count:>3}  {test}");
        }
    }
    Ok(Ending::Well)
}

/// Prints the diff, the head, and how each test fails.
pub fn print(mistake: &Mistake, verdict: &Verdict) {
    for line in mistake.diff().lines().skip(2) {
        match line.as_bytes().first() {
            Some(b'+') => println!("  {}", style(line).green()),
            Some(b'-') => println!("  {}", style(line).red()),
            Some(b'@') => println!("  {}", style(line).dim()),
            _ => println!("  {line}"),
        }
    }
    println!("\n  {} {}", style("tempts").cyan(), mistake.head.tempts);
    println!("  {} {}\n", style("ask   ").cyan(), mistake.head.ask);
    if verdict.status == Status::CompileError {
        println!("  {}", style("it does not compile").red());
    }
    for test in verdict.failures() {
        let named = match mistake.head.caught_by.contains(&test.name) {
            true => "",
            false => " (not named)",
        };
        println!(
            "  {} {}{named}",
            style("✗").yellow(),
            style(&test.name).bold()
        );
        let said = test.failure.iter().flat_map(|failure| failure.lines());
        for line in said.take(6) {
            println!("      {line}");
        }
    }
    for name in &mistake.head.caught_by {
        if !verdict.failures().any(|test| &test.name == name) {
            println!("  {} {name} lets it through", style("✗").red());
        }
    }
    let passed = verdict.tests.len() - verdict.failures().count();
    println!("  {passed} of {} tests pass", verdict.tests.len());
}

//! `cargo xtask mistake new`: a patch out of an edited copy.

use std::path::{Path, PathBuf};

use xtask::commands::Ending;
use xtask_core::course::Course;
use xtask_core::engine::{Engine, Status};
use xtask_core::error::{Error, Result};
use xtask_core::files;

use super::{Trials, solution};
use crate::patch::{Head, Mistake, UNWRITTEN, folder, mistakes_of};

/// Makes the patch `name`. Without a file `from`, the first call lays a copy of the solution down to be edited, and
/// the second one makes the patch of it.
///
/// # Errors
///
/// When a name is wrong or taken, a file cannot be read or written, or cargo cannot build.
pub fn run(
    course: &Course,
    engine: &Engine<'_>,
    exercise: &str,
    name: &str,
    from: Option<&Path>,
) -> Result<Ending> {
    let item = course.exercise(exercise)?;
    let is_name =
        |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
    if name.is_empty() || !name.chars().all(is_name) {
        return Err(Error::new(format!("`{name}` cannot name a mistake"))
            .help("lower-case letters, digits and `_`; it says the mistake: `end_left_out`"));
    }
    let folder = folder(item.stage, item.exercise);
    let path = folder.join(format!("{name}.patch"));
    let shown = item.stage.shown(&path);
    if path.exists() {
        return Err(Error::new(format!("{shown} exists already")));
    }
    let solution = solution(&item)?;
    let copy: PathBuf = from.map_or_else(|| folder.join(format!("{name}.rs")), Path::to_owned);
    if from.is_none() && !copy.exists() {
        files::write_atomically(&copy, &solution)?;
        println!(
            "{} is a copy of the solution: make the mistake in it, then run the same command again.",
            item.stage.shown(&copy)
        );
        return Ok(Ending::Well);
    }
    let answer = files::read(&copy)?;
    if answer == solution {
        return Err(Error::new(format!("{} is the solution", copy.display()))
            .help("make the mistake in it first"));
    }
    for other in mistakes_of(&item)? {
        if other
            .mistake
            .apply(&solution)
            .is_ok_and(|text| text == answer)
        {
            let words = format!("{} is this mistake already", item.stage.shown(&other.path));
            return Err(Error::new(words));
        }
    }
    let verdict = Trials::new(engine, item)?.judge(&answer)?;
    if verdict.status == Status::CompileError {
        for said in &verdict.diagnostics {
            eprintln!("{}", said.rendered);
        }
        return Err(Error::new(format!("{} does not compile", copy.display()))
            .help("a known mistake is one that a learner can run"));
    }
    let caught_by: Vec<String> = verdict.failures().map(|test| test.name.clone()).collect();
    if caught_by.is_empty() {
        println!(
            "All {} tests of {} pass on it: either it is a right answer, or a test is missing.\nNothing was written.",
            verdict.tests.len(),
            item.id()
        );
        return Ok(Ending::NotYet);
    }
    let head = Head {
        caught_by,
        tempts: UNWRITTEN.to_owned(),
        ask: UNWRITTEN.to_owned(),
    };
    let mistake = Mistake::between(head, &item.exercise.source(), &solution, &answer);
    files::write_atomically(&path, &mistake.encode())?;
    if from.is_none() {
        std::fs::remove_file(&copy).map_err(|cause| Error::file(&copy, cause))?;
    }
    println!("wrote {shown}\n");
    super::show::print(&mistake, &verdict);
    println!(
        "\nKeep the tests under `Caught by` that must catch it, say why it tempts, and ask whoever made it a question."
    );
    Ok(Ending::Well)
}

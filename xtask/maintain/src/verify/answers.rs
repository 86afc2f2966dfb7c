//! What must be compiled and run: starters fail, solutions pass, wrong answers are caught, alternatives pass.
//!
//! Answers to exercises that do not use each other are judged together, in rounds: one build serves all of a round.

use super::Ledger;
use xtask_core::course::{Exercise, Item, Originals, Stage, Uses};
use xtask_core::engine::{Engine, Status, TestStatus, Verdict, Wanted};
use xtask_core::error::Result;
use xtask_core::files::{self, FileSet};

use crate::mistake;
use crate::patch::mistakes_of;

/// Judges everything that stands for the exercises of a stage.
///
/// # Errors
///
/// When a file cannot be read, or cargo cannot build for a reason that is not in the answers.
pub fn check_stage(ledger: &mut Ledger, engine: &Engine<'_>, stage: &Stage) -> Result<()> {
    let originals = Originals::of_tree(stage)?;
    let all: Vec<&Exercise> = stage.exercises.iter().collect();
    let starters = judge(engine, stage, &originals, originals.files().clone(), &all)?;
    for (item, verdict) in stage.items().zip(&starters) {
        check_starter(ledger, &item, verdict);
    }
    let mut solved = originals.files().clone();
    solved.extend(stage.solution_files()?);
    let solutions = judge(engine, stage, &originals, solved.clone(), &all)?;
    for (item, verdict) in stage.items().zip(&solutions) {
        let path = item.stage.solution_folder().join(item.exercise.source());
        let mend = "Mend the solution, or the test that refuses a right answer.";
        ledger.result(&item.stage.shown(&path), mend, all_pass(verdict));
    }
    for round in rounds(answers_of(stage)?, stage, &solved) {
        let mut files = solved.clone();
        for answer in &round {
            files.insert(answer.item.exercise.source(), answer.text.clone());
        }
        let wanted: Vec<&Exercise> = round.iter().map(|answer| answer.item.exercise).collect();
        let verdicts = judge(engine, stage, &originals, files, &wanted)?;
        for (answer, verdict) in round.iter().zip(&verdicts) {
            check_answer(ledger, answer, verdict);
        }
    }
    Ok(())
}

fn judge(
    engine: &Engine<'_>,
    stage: &Stage,
    originals: &Originals,
    files: FileSet,
    wanted: &[&Exercise],
) -> Result<Vec<Verdict>> {
    let wanted: Vec<Wanted<'_>> = wanted.iter().map(|one| Wanted::whole(one)).collect();
    engine.judge_files(stage, originals, files, &wanted)
}

/// A wrong or an alternative answer to an exercise.
struct Answer<'a> {
    item: Item<'a>,
    /// The file, relative to the course.
    shown: String,
    text: String,
    /// The tests that must fail; an alternative must pass them all.
    caught_by: Option<Vec<String>>,
}

/// Every answer that stands beside the solutions. Patches that do not fit are left out: [`super::files`] names them.
fn answers_of(stage: &Stage) -> Result<Vec<Answer<'_>>> {
    let mut answers = Vec::new();
    for item in stage.items() {
        let solution = mistake::solution(&item)?;
        for kept in mistakes_of(&item)? {
            if let Ok(text) = kept.mistake.apply(&solution) {
                answers.push(Answer {
                    item,
                    shown: stage.shown(&kept.path),
                    text,
                    caught_by: Some(kept.mistake.head.caught_by),
                });
            }
        }
        let folder = stage.solution_folder().join("alternative");
        for path in files::entries(&folder.join(&item.exercise.name))? {
            answers.push(Answer {
                item,
                shown: stage.shown(&path),
                text: files::read(&path)?,
                caught_by: None,
            });
        }
    }
    Ok(answers)
}

/// Puts answers into as few rounds as it can, such that no answer of a round stands in for an exercise that another
/// one of the round uses.
fn rounds<'a>(answers: Vec<Answer<'a>>, stage: &Stage, solved: &FileSet) -> Vec<Vec<Answer<'a>>> {
    let uses = |one: &Answer<'_>, other: &Answer<'_>| {
        let mut files = solved.clone();
        files.insert(one.item.exercise.source(), one.text.clone());
        let used = Uses::of(stage, &files);
        let used = used.exercises_behind(stage, one.item.exercise);
        used.contains(&other.item.exercise.name.as_str())
    };
    let mut rounds: Vec<Vec<Answer<'a>>> = Vec::new();
    for answer in answers {
        let fits = |round: &&mut Vec<Answer<'a>>| {
            round
                .iter()
                .all(|other| !uses(&answer, other) && !uses(other, &answer))
        };
        match rounds.iter_mut().find(fits) {
            Some(round) => round.push(answer),
            None => rounds.push(vec![answer]),
        }
    }
    rounds
}

fn check_starter(ledger: &mut Ledger, item: &Item<'_>, verdict: &Verdict) {
    let file = item.stage.shown(&item.source());
    let compiles = verdict.status != Status::CompileError;
    let said = said_first(verdict);
    let what = format!("the starter does not compile:\n{said}");
    ledger.check(
        compiles,
        &file,
        &what,
        "A learner must be able to run the tests at once.",
    );
    let what = format!("the starter compiles with a warning:\n{said}");
    ledger.check(
        !compiles || verdict.diagnostics.is_empty(),
        &file,
        &what,
        "Mend what the compiler points to.",
    );
    if item.exercise.debugging {
        let what = "no test fails on the faulty program";
        ledger.check(
            verdict.failures().next().is_some(),
            &file,
            what,
            "Put a fault in, or add the test that finds it.",
        );
        return;
    }
    for test in &verdict.tests {
        let what = format!("the test `{}` passes on the starter", test.name);
        let mend =
            "A test that passes before the work is done is a free pass: let it require the work.";
        ledger.check(test.status != TestStatus::Passed, &file, &what, mend);
    }
}

fn check_answer(ledger: &mut Ledger, answer: &Answer<'_>, verdict: &Verdict) {
    let Some(caught_by) = &answer.caught_by else {
        let mend = "Mend the answer, or the test that refuses a right answer.";
        ledger.result(&answer.shown, mend, all_pass(verdict));
        return;
    };
    if verdict.status == Status::CompileError {
        let said = said_first(verdict);
        let what = format!("it does not compile:\n{said}");
        ledger.check(
            false,
            &answer.shown,
            &what,
            "A wrong answer must be one that a learner can run.",
        );
        return;
    }
    for name in caught_by {
        let caught = verdict.failures().any(|test| &test.name == name);
        let what = format!("the test `{name}` does not catch it");
        ledger.check(
            caught,
            &answer.shown,
            &what,
            "Sharpen the test, or mend the line `Caught by:`.",
        );
    }
}

/// The first thing that the compiler says.
fn said_first(verdict: &Verdict) -> String {
    let first = verdict.diagnostics.first();
    first.map(|one| one.rendered.clone()).unwrap_or_default()
}

fn all_pass(verdict: &Verdict) -> std::result::Result<(), String> {
    if verdict.passed() {
        return Ok(());
    }
    let Some(failure) = verdict.failures().next() else {
        let said = said_first(verdict);
        return Err(if said.is_empty() {
            "it has no tests".into()
        } else {
            said
        });
    };
    let place = failure.place().unwrap_or("the test program");
    Err(format!(
        "the test `{}` fails at {place}:\n{}",
        failure.name,
        failure.message()
    ))
}

//! What must be compiled and run: starters fail, solutions pass, known mistakes are caught, alternatives pass.

use xtask_core::course::{Item, Stage};
use xtask_core::engine::{Engine, Status, TestStatus, Verdict};
use xtask_core::error::Result;

use super::Ledger;
use super::memory::Memory;
use super::plan::{Answer, Kind, Plan};
use crate::mistake;

/// Judges everything that stands for the exercises of a stage.
///
/// # Errors
///
/// When a file cannot be read, or cargo cannot build for a reason that is not in the answers.
pub fn check_stage(
    ledger: &mut Ledger,
    engine: &Engine<'_>,
    stage: &Stage,
    memory: Option<&Memory>,
) -> Result<()> {
    check_plan(ledger, engine, Plan::of(stage, memory)?, memory, || ())
}

/// As [`check_stage`], for what was planned already; `done` hears of each round.
///
/// # Errors
///
/// As [`check_stage`].
pub fn check_plan(
    ledger: &mut Ledger,
    engine: &Engine<'_>,
    mut plan: Plan<'_>,
    memory: Option<&Memory>,
    done: impl FnMut(),
) -> Result<()> {
    // Nobody reads where a wrong answer fails, or how it differs from the starter.
    let hurried = engine.clone().hurried(mistake::SECONDS).unexplained();
    let judged = |answer: &Answer<'_>| check_answer(ledger, answer);
    plan.judge(engine, &hurried, memory, judged, done)
}

fn check_answer(ledger: &mut Ledger, answer: &Answer<'_>) {
    let Some(verdict) = &answer.verdict else {
        return;
    };
    let right = |ledger: &mut Ledger, what: &str| {
        let mend = format!("Mend the {what}, or the test that refuses a right answer.");
        ledger.result(&answer.shown, &mend, all_pass(verdict));
    };
    match &answer.kind {
        Kind::Starter => check_starter(ledger, &answer.item, verdict),
        Kind::Solution => right(ledger, "solution"),
        Kind::Alternative => right(ledger, "answer"),
        Kind::Mistake(named) => check_mistake(ledger, answer, named, verdict),
        Kind::Constant => check_constant(ledger, answer, verdict),
    }
}

fn check_constant(ledger: &mut Ledger, answer: &Answer<'_>, verdict: &Verdict) {
    // A type of which no simple value is known: nothing can be said.
    if verdict.status == Status::CompileError {
        return;
    }
    for test in verdict
        .tests
        .iter()
        .filter(|test| test.status == TestStatus::Passed)
    {
        ledger.remark(&answer.shown, &test.name);
    }
    ledger.check(
        !verdict.passed(),
        &answer.shown,
        "every test passes on an answer that gives the same simple value always",
        "Add a test that sees the work.",
    );
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

fn check_mistake(ledger: &mut Ledger, answer: &Answer<'_>, named: &[String], verdict: &Verdict) {
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
    for name in named {
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

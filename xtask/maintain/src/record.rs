//! Records how each known mistake fails, for [`xtask_core::diagnosis`].
//!
//! Every test runs on every mistake, and whatever fails runs three times: what is said in other words each time is not
//! recorded. What was seen is remembered by content, and an exercise whose record is up to date is not looked at.

use std::collections::{BTreeMap, BTreeSet};

use xtask_core::course::{Item, Originals, Stage, base_key, files_behind};
use xtask_core::diagnosis::{Diagnoses, FORM, Known, KnownMistake, Seen, hash};
use xtask_core::engine::{Engine, Sense, TestResult, TestStatus, Verdict, Wanted};
use xtask_core::error::Result;
use xtask_core::files::FileSet;
use xtask_core::key::KeyMaker;
use xtask_core::store::{Store, toolchain_key};

use crate::mistake;
use crate::patch::{Kept, mistakes_of};
use crate::verify::clock::Clock;
use crate::verify::plan::{UsesOf, are_apart};

/// How often what fails is run.
const TIMES: usize = 3;

/// What was recorded.
#[derive(Debug, Default)]
pub struct Recorded {
    /// The mistakes that were looked at.
    pub mistakes: usize,
    /// The builds that it took.
    pub rounds: usize,
    /// The files of mistakes of which nothing can be recorded.
    pub left_out: Vec<String>,
    /// Mistakes of one exercise that fail in the same way: none of their questions is asked.
    pub alike: Vec<Vec<String>>,
}

/// An answer to an exercise that is tried among the solutions of the others.
#[derive(Debug, Clone)]
pub struct Trial<'a> {
    pub item: Item<'a>,
    pub text: String,
}

/// Records what is not up to date of a stage.
///
/// # Errors
///
/// When a file cannot be read or written, or cargo cannot build for a reason that is not in the mistakes.
pub fn stage(
    engine: &Engine<'_>,
    clock: &Clock,
    stage: &Stage,
    store: Option<&Store>,
) -> Result<Recorded> {
    let before = Diagnoses::load(stage);
    let sources = Sources::of(stage)?;
    let mut after = Diagnoses::default();
    let mut recorded = Recorded::default();
    let (mut trials, mut trialled) = (Vec::new(), Vec::new());
    for item in stage.items() {
        let name = &item.exercise.name;
        let kept = mistakes_of(&item)?;
        let made_from = sources.key(&item, &kept)?;
        match before.known(name) {
            Some(known) if known.made_from == made_from => after.put(name, known.clone()),
            _ => {
                let known = Known {
                    made_from,
                    mistakes: BTreeMap::new(),
                };
                after.put(name, known);
                let solution = mistake::solution(&item).unwrap_or_default();
                for one in kept {
                    match one.mistake.apply(&solution) {
                        Ok(text) => {
                            trials.push(Trial { item, text });
                            trialled.push(one);
                        }
                        Err(_) => recorded.left_out.push(stage.shown(&one.path)),
                    }
                }
            }
        }
    }
    let tried = try_all(engine, clock, &sources, &trials, TIMES, store)?;
    recorded.rounds = tried.rounds;
    for ((trial, kept), runs) in trials.iter().zip(trialled).zip(tried.runs) {
        let fails = seen_in(&runs, &kept.mistake.head.caught_by);
        if fails.is_empty() {
            recorded.left_out.push(stage.shown(&kept.path));
            continue;
        }
        recorded.mistakes += 1;
        let name = &trial.item.exercise.name;
        let mut known = after.known(name).cloned().unwrap_or_default();
        let mistake = KnownMistake {
            ask: kept.mistake.head.ask.clone(),
            fails,
        };
        known.mistakes.insert(kept.name(), mistake);
        after.put(name, known);
    }
    recorded.alike = stage
        .items()
        .filter_map(|item| after.known(&item.exercise.name))
        .flat_map(alike)
        .collect();
    if after != before {
        after.record(stage)?;
    }
    Ok(recorded)
}

/// The mistakes that fail in the same way, group by group.
fn alike(known: &Known) -> Vec<Vec<String>> {
    let mut groups: Vec<(&KnownMistake, Vec<String>)> = Vec::new();
    for (name, mistake) in &known.mistakes {
        let same = |group: &&mut (&KnownMistake, Vec<String>)| group.0.fails == mistake.fails;
        match groups.iter_mut().find(same) {
            Some((_, names)) => names.push(name.clone()),
            None => groups.push((mistake, vec![name.clone()])),
        }
    }
    let names = groups.into_iter().map(|(_, names)| names);
    names.filter(|names| names.len() > 1).collect()
}

/// The exercises of a stage whose record is not of what lies there now.
///
/// # Errors
///
/// When a file cannot be read.
pub fn stale(stage: &Stage) -> Result<Vec<String>> {
    let recorded = Diagnoses::load(stage);
    let sources = Sources::of(stage)?;
    let mut stale = Vec::new();
    for item in stage.items() {
        let key = sources.key(&item, &mistakes_of(&item)?)?;
        let known = recorded.known(&item.exercise.name);
        if known.is_none_or(|known| known.made_from != key) {
            stale.push(item.exercise.name.clone());
        }
    }
    Ok(stale)
}

/// A stage with its solutions.
#[derive(Debug)]
pub struct Sources<'a> {
    stage: &'a Stage,
    originals: Originals,
    solved: FileSet,
    uses: UsesOf<'a>,
}

impl<'a> Sources<'a> {
    /// Reads them.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn of(stage: &'a Stage) -> Result<Self> {
        let originals = Originals::of_tree(stage)?;
        let mut solved = originals.files().clone();
        solved.extend(stage.solution_files()?);
        Ok(Self {
            stage,
            originals,
            uses: UsesOf::new(stage, solved.clone()),
            solved,
        })
    }

    /// The key of what the record of an exercise is made from: its tests, the solutions behind it, and its mistakes. The
    /// versions of other crates and the manifest are not part of it: when one says something in other words, a question is
    /// not asked, and no wrong one is.
    fn key(&self, item: &Item<'_>, kept: &[Kept]) -> Result<String> {
        let behind = files_behind(&self.uses.uses, item.exercise, &self.solved);
        let key = KeyMaker::default()
            .text(FORM)
            .text(&item.exercise.test_seconds.to_string())
            .files(behind.filter(|(path, _)| *path != "Cargo.toml"));
        let key = kept.iter().fold(key, |key, one| {
            key.text(&one.name())
                .text(&one.mistake.head.ask)
                .text(one.mistake.diff())
        });
        Ok(key.finish())
    }
}

/// What came of trials.
#[derive(Debug)]
pub struct Tried {
    /// For each trial the verdict of each run.
    pub runs: Vec<Vec<Verdict>>,
    /// How many builds it took.
    pub rounds: usize,
}

/// Tries answers with every test, those that do not touch each other in one build, and takes from the store what is
/// known.
///
/// # Errors
///
/// When cargo cannot build for a reason that is not in the answers.
pub fn try_all(
    engine: &Engine<'_>,
    clock: &Clock,
    sources: &Sources<'_>,
    trials: &[Trial<'_>],
    times: usize,
    store: Option<&Store>,
) -> Result<Tried> {
    let engine = engine.clone().hurried(mistake::SECONDS).unexplained();
    let manifest = sources.originals.files().get("Cargo.toml");
    let base = base_key(sources.stage, manifest.map_or("", String::as_str))?;
    let toolchain = toolchain_key()?;
    let mut runs: Vec<Option<Vec<Verdict>>> = Vec::new();
    let mut open: Vec<(usize, Vec<&str>, String)> = Vec::new();
    for (index, Trial { item, text }) in trials.iter().enumerate() {
        let (files, own) = sources.uses.with(item.exercise, text);
        let key = KeyMaker::default()
            .text("every test")
            .text(&times.to_string())
            .text(&toolchain)
            .text(&base)
            .text(&item.exercise.name)
            .text(&item.exercise.test_seconds.to_string())
            .files(files_behind(
                own.as_ref().unwrap_or(&sources.uses.uses),
                item.exercise,
                &files,
            ))
            .finish();
        let known = store.and_then(|store| serde_json::from_str(&store.get(&key)?).ok());
        if known.is_none() {
            open.push((index, sources.uses.behind(item.exercise, own.as_ref()), key));
        }
        runs.push(known);
    }
    let names: Vec<(&str, &[&str])> = open
        .iter()
        .map(|(index, uses, _)| (trials[*index].item.exercise.name.as_str(), uses.as_slice()))
        .collect();
    let rounds = rounds_of(&names);
    clock.expect(rounds.len());
    for round in &rounds {
        let mut files = sources.solved.clone();
        let mut wanted = Vec::new();
        for place in round {
            let trial = &trials[open[*place].0];
            files.insert(trial.item.exercise.source(), trial.text.clone());
            wanted.push(Wanted::whole(trial.item.exercise));
        }
        let by_time =
            engine.judge_repeatedly(sources.stage, &sources.originals, files, &wanted, times)?;
        for (at, place) in round.iter().enumerate() {
            let (index, _, key) = &open[*place];
            let own: Vec<Verdict> = by_time
                .iter()
                .filter_map(|all| all.get(at).cloned())
                .collect();
            let fails = |verdict: &Verdict| verdict.failures().next().is_some();
            // What nothing catches may be a race that nobody lost: it is tried again.
            let kept = store.filter(|_| own.iter().any(fails));
            if let (Some(store), Ok(text)) = (kept, serde_json::to_string(&own)) {
                // What cannot be kept is found again the next time.
                let _ = store.put(key, &text);
            }
            runs[*index] = Some(own);
        }
        clock.tick();
    }
    Ok(Tried {
        runs: runs.into_iter().map(Option::unwrap_or_default).collect(),
        rounds: rounds.len(),
    })
}

/// Puts answers into as few builds as it can.
fn rounds_of(answers: &[(&str, &[&str])]) -> Vec<Vec<usize>> {
    let mut rounds: Vec<Vec<usize>> = Vec::new();
    for (index, answer) in answers.iter().enumerate() {
        let fits = |round: &&mut Vec<usize>| {
            round
                .iter()
                .all(|other| are_apart(*answer, answers[*other]))
        };
        match rounds.iter_mut().find(fits) {
            Some(round) => round.push(index),
            None => rounds.push(vec![index]),
        }
    }
    rounds
}

/// How the tests fail that do not pass, in all runs together. A test that does not come to its end hangs where the mistake
/// is `caught_by` it; any other one may just have been slow, on a machine that does much else.
pub fn seen_in(runs: &[Verdict], caught_by: &[String]) -> BTreeMap<String, Seen> {
    let mut seen = BTreeMap::new();
    for test in runs.first().into_iter().flat_map(|verdict| &verdict.tests) {
        let same = |verdict: &'_ Verdict| {
            let mut tests = verdict.tests.iter();
            tests.find(|other| other.name == test.name).cloned()
        };
        let results: Vec<TestResult> = runs.iter().filter_map(same).collect();
        let how = match seen_of(&results) {
            Some(Seen::Hangs) if !caught_by.contains(&test.name) => Some(Seen::Unsure),
            other => other,
        };
        if let Some(how) = how {
            seen.insert(test.name.clone(), how);
        }
    }
    seen
}

/// How one test fails in several runs; nothing when it passes in all of them.
fn seen_of(results: &[TestResult]) -> Option<Seen> {
    let all = |status| results.iter().all(|result| result.status == status);
    let is_known = |result: &TestResult| {
        let failure = result.failure.as_ref();
        failure.is_none_or(|failure| failure.sense == Sense::Written)
    };
    if all(TestStatus::Passed) {
        return None;
    }
    if !results.iter().all(is_known) {
        return Some(Seen::Unsure);
    }
    if all(TestStatus::TimedOut) {
        return Some(Seen::Hangs);
    }
    if !all(TestStatus::Failed) {
        return Some(Seen::Unsure);
    }
    let mut said: BTreeSet<String> = results.iter().map(hash).collect();
    match (said.pop_first(), said.is_empty()) {
        (Some(hash), true) => Some(Seen::Says(hash)),
        _ => Some(Seen::Fails),
    }
}

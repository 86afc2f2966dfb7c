//! Judges one submission with the runner's engine.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use xtask_core::course::{Course, Exercise};
use xtask_core::engine::{Engine, Status, Verdict, Wanted};
use xtask_core::error::{Error, Kind, Result};
use xtask_core::files::{FileSet, write_atomically};
use xtask_core::process::Cancel;

use crate::confine::{Bounds, Confined};
use crate::disk::{BUILD, Builds, ensure_free};
use crate::groups::groups;
use crate::intake::{Fault, Submission, Taken, scan};
use crate::plan::Plan;
use crate::results::{Mark, Points, Standing, TestMark, TestStanding};
use crate::store::{Key, Store};
use crate::text::carried;

const MIB: u64 = 1024 * 1024;

/// One place in which submissions are judged, one after the other.
pub struct Lane<'a> {
    engine: Engine<'a>,
    guard: &'a Confined,
    bounds: Bounds,
    target: PathBuf,
    builds: Builds,
    /// What must be free on the disk, in bytes.
    needed: u64,
    cancel: Cancel,
    /// The stages whose dependencies are built here.
    warm: Vec<String>,
}

/// What the starter of each exercise passes already, by the exercise's name.
#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Baseline {
    passed: BTreeMap<String, Vec<String>>,
}

/// The sources of some exercises, by the exercises' names.
type Sources<'s> = BTreeMap<&'s str, &'s FileSet>;

impl<'a> Lane<'a> {
    /// A lane that builds in `target`, for the stages of `plans`, and wants so many bytes to be free there.
    pub fn new(
        course: &'a Course,
        plans: &[Plan<'_>],
        target: PathBuf,
        guard: &'a Confined,
        bounds: Bounds,
        needed: u64,
    ) -> Self {
        let cancel = Cancel::default();
        let engine = Engine::new(course, target.clone(), cancel.clone())
            .guarded(guard)
            .asking(true);
        let builds = Builds::new(target.clone(), plans.iter().map(Plan::library));
        // A run that was killed has removed nothing.
        builds.tidy();
        Self {
            engine,
            guard,
            bounds,
            target,
            builds,
            needed,
            cancel,
            warm: Vec::new(),
        }
    }

    /// Builds what a stage needs, without limits, and makes sure that the stage can be graded here: its own solution,
    /// where it is there, earns full marks, and the starters compile with hidden tests.
    ///
    /// # Errors
    ///
    /// When one of these does not hold: nobody can be graded then.
    pub fn warm_up(&mut self, plan: &Plan<'_>, store: &Store) -> Result<()> {
        if self.warm.contains(&plan.stage.folder) {
            return Ok(());
        }
        self.guard.set_deadline(None);
        self.use_fixtures(plan)?;
        let key = Key::of(&[plan.key.text(), "gradable"]);
        // An earlier run has built it here: nothing else of this key would have to be built.
        let marker = self.target.join(format!("warm-{}", plan.key.text()));
        if store.get::<bool>(&key).is_none() {
            if !self.check_solution(plan)? || plan.has_hidden() {
                self.baseline(plan, store)?;
            }
            store.put(&key, &true)?;
        } else if !marker.exists() {
            // Without any test to run, this builds everything.
            self.build_starters(plan, &[])
                .map_err(|error| cannot_be_graded(plan, &error))?;
        }
        write_atomically(&marker, "")?;
        self.warm.push(plan.stage.folder.clone());
        Ok(())
    }

    /// What the starters pass already. It is asked for only where partial credit is given, and remembered.
    fn baseline(&self, plan: &Plan<'_>, store: &Store) -> Result<Baseline> {
        let key = Key::of(&[plan.key.text(), "baseline"]);
        if let Some(baseline) = store.get(&key) {
            return Ok(baseline);
        }
        self.use_fixtures(plan)?;
        let all: Vec<&Exercise> = plan.stage.exercises.iter().collect();
        let verdicts = self
            .build_starters(plan, &all)
            .map_err(|error| cannot_be_graded(plan, &error))?;
        if let Some(verdict) = verdicts
            .iter()
            .find(|verdict| verdict.status == Status::CompileError)
        {
            return Err(not_gradable(plan, verdict));
        }
        let passed = all.iter().zip(&verdicts).map(|(exercise, verdict)| {
            let mark = Mark::from_verdict(verdict);
            let names = mark.passed().map(|test| test.name.clone()).collect();
            (exercise.name.clone(), names)
        });
        let baseline = Baseline {
            passed: passed.collect(),
        };
        store.put(&key, &baseline)?;
        Ok(baseline)
    }

    /// Whether the course has a solution of the stage here; then it has passed every test.
    fn check_solution(&self, plan: &Plan<'_>) -> Result<bool> {
        let all: Vec<&Exercise> = plan.stage.exercises.iter().collect();
        let solution = &plan.solution;
        if !all
            .iter()
            .all(|exercise| solution.contains_key(&exercise.source()))
        {
            return Ok(false);
        }
        let own = |path: &String| plan.stage.owner(path).is_some();
        let files: FileSet = solution
            .iter()
            .filter(|(path, _)| own(path))
            .map(|(path, text)| (path.clone(), text.clone()))
            .collect();
        let sources = BTreeMap::from([("", &files)]);
        let verdicts = self
            .build(plan, &sources, &all)
            .map_err(|error| cannot_be_graded(plan, &error))?;
        match verdicts.iter().find(|verdict| !verdict.passed()) {
            Some(verdict) => Err(not_gradable(plan, verdict)),
            None => Ok(true),
        }
    }

    /// Judges what a submission holds of a stage, in the order of the plan's exercises.
    ///
    /// # Errors
    ///
    /// When the grader itself cannot go on: nothing was found out about the submission then.
    pub fn judge(
        &mut self,
        plan: &Plan<'_>,
        submission: &Submission,
        store: &Store,
    ) -> Result<Vec<Mark>> {
        let taken: BTreeMap<&str, Taken> = plan
            .stage
            .exercises
            .iter()
            .map(|exercise| {
                (
                    exercise.name.as_str(),
                    self.take(plan, submission, exercise),
                )
            })
            .collect();
        let mut sources = Sources::new();
        for exercise in &plan.stage.exercises {
            if let Some(Taken::Files(files)) = taken.get(exercise.name.as_str())
                && !is_starter(plan, exercise, files)
            {
                sources.insert(&exercise.name, files);
            }
        }
        // A text that does not split into tokens does not say what it uses. It is judged by itself.
        let unread = split_off(&mut sources, |files| {
            files.values().any(|text| scan(text).is_none())
        });
        let groups = groups(&sources);
        let group_of = |name: &str| groups.iter().find(|group| group.contains(&name));
        let key_of = |exercise: &Exercise| {
            let names = group_of(&exercise.name)
                .map(Vec::as_slice)
                .unwrap_or_default();
            let mut parts = vec![plan.key.text().to_owned(), exercise.name.clone()];
            let mut names = names.to_vec();
            names.sort_unstable();
            let own = unread.get(exercise.name.as_str());
            let files = names.iter().filter_map(|name| sources.get(name)).chain(own);
            parts.extend(files.map(|files| Key::of_files(files).text().to_owned()));
            Key::of(&parts.iter().map(String::as_str).collect::<Vec<&str>>())
        };
        let mut found: BTreeMap<&str, Mark> = BTreeMap::new();
        let mut open: Vec<&Exercise> = Vec::new();
        for exercise in &plan.wanted {
            let without =
                |status, said: Vec<String>| Mark::without_tests(plan.id(exercise), status, said);
            let mark = match taken.get(exercise.name.as_str()) {
                None | Some(Taken::Missing) => without(Standing::NotSubmitted, Vec::new()),
                Some(Taken::Refused(why)) => without(Standing::Refused, vec![carried(why)]),
                Some(Taken::Files(files)) if is_starter(plan, exercise, files) => {
                    without(Standing::NotStarted, Vec::new())
                }
                Some(Taken::Files(_)) => match store.get::<Mark>(&key_of(exercise)) {
                    Some(mark) => mark,
                    None => {
                        open.push(exercise);
                        continue;
                    }
                },
            };
            found.insert(&exercise.name, mark);
        }
        if !open.is_empty() {
            ensure_free(&self.target, self.needed)?;
            self.warm_up(plan, store)?;
            self.use_fixtures(plan)?;
            self.guard
                .set_deadline(Some(Duration::from_secs(self.bounds.submission)));
            let is_unread = |exercise: &&&Exercise| unread.contains_key(exercise.name.as_str());
            let read: Vec<&Exercise> = open.iter().filter(|one| !is_unread(one)).copied().collect();
            let mut marks = Vec::new();
            if !read.is_empty() {
                marks.extend(self.judge_sources(plan, &sources, &groups, &read)?);
            }
            for exercise in open.iter().filter(is_unread) {
                marks.extend(self.judge_unread(plan, &unread, exercise)?);
            }
            self.builds.tidy();
            // It may have filled up in between.
            ensure_free(&self.target, self.needed)?;
            for mark in marks {
                let exercise = open
                    .iter()
                    .find(|exercise| plan.id(exercise) == mark.exercise);
                let Some(exercise) = exercise else { continue };
                if self.is_final(&mark) {
                    store.put(&key_of(exercise), &mark)?;
                }
                found.insert(&exercise.name, mark);
            }
        }
        let mut marks = Vec::new();
        for exercise in &plan.wanted {
            if let Some(mut mark) = found.remove(exercise.name.as_str()) {
                mark.points = self.points(plan, store, exercise, &mark)?;
                if let Some(Taken::Files(files)) = taken.get(exercise.name.as_str()) {
                    mark.notices.extend(plan.notices(files));
                }
                marks.push(mark);
            }
        }
        Ok(marks)
    }

    fn take(&self, plan: &Plan<'_>, submission: &Submission, exercise: &Exercise) -> Taken {
        let taken = submission.take(plan.stage, exercise);
        let Taken::Files(files) = &taken else {
            return taken;
        };
        for (path, text) in files {
            let faults = scan(text).unwrap_or_default();
            if faults.is_empty() {
                continue;
            }
            // What the starter itself has cannot be held against the learner.
            let given = scan(plan.starter(exercise)).unwrap_or_default();
            let is_given = |why: &str| given.iter().any(|fault| fault.why == why);
            let mut faults = faults.into_iter();
            if let Some(fault) = faults.find(|fault| !is_given(&fault.why)) {
                let Fault { line, why } = fault;
                return Taken::Refused(format!("{path}, line {line}: {why}"));
            }
        }
        taken
    }

    /// Whether the mark would be the same the next time.
    fn is_final(&self, mark: &Mark) -> bool {
        let in_time = self.guard.left().is_none_or(|left| !left.is_zero());
        mark.status != Standing::NotGraded && in_time
    }

    /// Judges the open exercises together; what keeps the others from being judged is set apart.
    fn judge_sources(
        &self,
        plan: &Plan<'_>,
        sources: &Sources<'_>,
        groups: &[Vec<&str>],
        open: &[&Exercise],
    ) -> Result<Vec<Mark>> {
        if self.guard.left().is_some_and(|left| left.is_zero()) {
            let said =
                "the time for the whole submission was used up before this exercise".to_owned();
            let mark = |exercise: &&Exercise| {
                Mark::without_tests(plan.id(exercise), Standing::NotGraded, vec![said.clone()])
            };
            return Ok(open.iter().map(mark).collect());
        }
        match self.build(plan, sources, open) {
            Ok(verdicts) => {
                let mut marks = Vec::new();
                for (exercise, verdict) in open.iter().zip(&verdicts) {
                    marks.push(self.mark(plan, sources, groups, exercise, verdict)?);
                }
                Ok(marks)
            }
            // A fault of the machine must never become one of the submission.
            Err(error) if !is_about_the_code(&error) => Err(error),
            Err(error) if groups.len() <= 1 => {
                self.blame(plan, &error)?;
                if let Ok(verdicts) = self.build(plan, sources, open) {
                    return Ok(verdicts.iter().map(Mark::from_verdict).collect());
                }
                let said = self.told(&error);
                let mark = |exercise: &&Exercise| {
                    Mark::without_tests(
                        plan.id(exercise),
                        Standing::CompileError,
                        vec![said.clone()],
                    )
                };
                Ok(open.iter().map(mark).collect())
            }
            Err(_) => {
                let (left, right) = groups.split_at(groups.len() / 2);
                let mut marks = Vec::new();
                for half in [left, right] {
                    let inside = |name: &str| half.iter().flatten().any(|known| *known == name);
                    let sources: Sources<'_> = sources
                        .iter()
                        .filter(|(name, _)| inside(name))
                        .map(|(name, files)| (*name, *files))
                        .collect();
                    let open: Vec<&Exercise> = open
                        .iter()
                        .copied()
                        .filter(|exercise| inside(&exercise.name))
                        .collect();
                    if !open.is_empty() {
                        marks.extend(self.judge_sources(plan, &sources, half, &open)?);
                    }
                }
                Ok(marks)
            }
        }
    }

    /// The mark of a verdict. A compile error that appeared beside other work is judged again with starters in its
    /// place: it must be the exercise's own.
    fn mark(
        &self,
        plan: &Plan<'_>,
        sources: &Sources<'_>,
        groups: &[Vec<&str>],
        exercise: &Exercise,
        verdict: &Verdict,
    ) -> Result<Mark> {
        let group = groups
            .iter()
            .find(|group| group.contains(&exercise.name.as_str()));
        if let Some(group) = group
            && verdict.status == Status::CompileError
            && group.len() < sources.len()
        {
            let own: Sources<'_> = sources
                .iter()
                .filter(|(name, _)| group.contains(name))
                .map(|(name, files)| (*name, *files))
                .collect();
            let again = self.judge_sources(plan, &own, std::slice::from_ref(group), &[exercise])?;
            if let Some(mark) = again.into_iter().next() {
                return Ok(mark);
            }
        }
        Ok(Mark::from_verdict(verdict))
    }

    /// Judges an exercise whose text does not split into tokens: the compiler should say why.
    fn judge_unread(
        &self,
        plan: &Plan<'_>,
        unread: &Sources<'_>,
        exercise: &Exercise,
    ) -> Result<Vec<Mark>> {
        let own = unread.iter().filter(|(name, _)| **name == exercise.name);
        let own: Sources<'_> = own.map(|(name, files)| (*name, *files)).collect();
        let mut marks = self.judge_sources(plan, &own, &[vec![&exercise.name]], &[exercise])?;
        for mark in &mut marks {
            if mark.status != Standing::CompileError {
                let said =
                    "the file cannot be split into Rust's tokens, so nothing can be said about it";
                *mark = Mark::without_tests(
                    mark.exercise.clone(),
                    Standing::Refused,
                    vec![said.to_owned()],
                );
            }
        }
        Ok(marks)
    }

    /// What a learner is told when the compiler said nothing about the code.
    fn told(&self, error: &Error) -> String {
        if error.kind() == Kind::ForeignRead {
            return carried(&error.to_string());
        }
        format!(
            "the compiler came to no end with this file: it was stopped after {} s of processor time, at {} MiB of \
             memory, when it had written {} MiB, or it crashed",
            self.bounds.compile,
            self.bounds.compile_memory / MIB,
            BUILD / MIB
        )
    }

    /// Makes sure that a failed build is the submission's fault: the stage itself can still be built.
    fn blame(&self, plan: &Plan<'_>, error: &Error) -> Result<()> {
        self.build_starters(plan, &[])
            .map(drop)
            .map_err(|_| Error::new(error.to_string()))
    }

    /// Builds and judges the stage as it was handed out. It costs the submission no time.
    fn build_starters(&self, plan: &Plan<'_>, wanted: &[&Exercise]) -> Result<Vec<Verdict>> {
        let left = self.guard.left();
        self.guard.set_deadline(None);
        let verdicts = self.build(plan, &Sources::new(), wanted);
        self.guard.set_deadline(left);
        verdicts
    }

    fn build(
        &self,
        plan: &Plan<'_>,
        sources: &Sources<'_>,
        wanted: &[&Exercise],
    ) -> Result<Vec<Verdict>> {
        let files = plan.with_sources(sources);
        self.guard.set_package(&plan.stage.folder, files.keys());
        let wanted: Vec<Wanted<'_>> = wanted.iter().map(|one| Wanted::whole(one)).collect();
        let judge = || {
            self.engine
                .judge_files(plan.stage, &plan.originals, files, &wanted)
        };
        // What the course needs, it may write.
        if self.guard.left().is_none() {
            return judge();
        }
        let (judged, over) = self.builds.watched(BUILD, &self.cancel, judge);
        let judged = if over {
            Err(Error::of(
                Kind::Build,
                format!("the compiler wrote more than {} MiB", BUILD / MIB),
            ))
        } else {
            judged
        };
        if judged.is_err() {
            // A compiler that was stopped leaves everything behind.
            self.builds.sweep();
        }
        judged
    }

    fn points(
        &self,
        plan: &Plan<'_>,
        store: &Store,
        exercise: &Exercise,
        mark: &Mark,
    ) -> Result<Points> {
        if mark.status == Standing::Passed {
            return Ok(Points::whole(exercise.points));
        }
        if mark.passed().next().is_none() {
            return Ok(Points::default());
        }
        let baseline = self.baseline(plan, store)?;
        let given = baseline.passed.get(&exercise.name);
        Ok(partial(
            exercise,
            mark,
            given.map(Vec::as_slice).unwrap_or_default(),
        ))
    }

    fn use_fixtures(&self, plan: &Plan<'_>) -> Result<()> {
        let folder = self.engine.judged_folder(plan.stage);
        self.guard
            .set_fixtures(plan.fixtures().map(|path| folder.join(path)).collect());
        Ok(())
    }
}

/// Whether a build that failed without naming an exercise may be the fault of the code.
fn is_about_the_code(error: &Error) -> bool {
    [Kind::Build, Kind::ForeignRead].contains(&error.kind())
}

/// Takes out of `sources` what `is_other` says, and answers it.
fn split_off<'s>(sources: &mut Sources<'s>, is_other: impl Fn(&FileSet) -> bool) -> Sources<'s> {
    let (other, rest) = std::mem::take(sources)
        .into_iter()
        .partition(|(_, files)| is_other(files));
    *sources = rest;
    other
}

fn is_starter(plan: &Plan<'_>, exercise: &Exercise, files: &FileSet) -> bool {
    files
        .iter()
        .all(|(path, text)| plan.originals.files().get(path) == Some(text))
        && files.contains_key(&exercise.source())
}

/// Partial credit by test. A test that the starter passes already (`given`) earns nothing, and costs what it is worth to
/// break.
fn partial(exercise: &Exercise, mark: &Mark, given: &[String]) -> Points {
    let is_given = |test: &&TestMark| given.contains(&test.name);
    let has_passed = |test: &&TestMark| test.status == TestStanding::Passed;
    let (old, new): (Vec<&TestMark>, Vec<&TestMark>) = mark.tests.iter().partition(is_given);
    let earned = new.iter().copied().filter(has_passed).count();
    let broken = old.len() - old.iter().copied().filter(has_passed).count();
    Points::whole(exercise.points).share(earned.saturating_sub(broken), new.len())
}

fn cannot_be_graded(plan: &Plan<'_>, error: &Error) -> Error {
    Error::new(format!(
        "the stage `{}` cannot be graded: {error}",
        plan.stage.id
    ))
}

fn not_gradable(plan: &Plan<'_>, verdict: &Verdict) -> Error {
    let compiles = verdict.status != Status::CompileError;
    let failure = verdict.failures().next();
    let said = match failure.filter(|_| compiles) {
        Some(test) => format!(
            "the course's own solution of `{}` does not pass the test `{}`:\n{}",
            verdict.exercise,
            test.name,
            test.message()
        ),
        None => format!(
            "the starter of `{}` does not compile with its tests:\n{}",
            verdict.exercise,
            verdict
                .diagnostics
                .first()
                .map(|one| one.rendered.as_str())
                .unwrap_or_default()
        ),
    };
    let help = if plan.has_hidden() {
        "look at the hidden tests first; nobody was graded"
    } else {
        "`cargo xtask verify` shows what is wrong with the course; nobody was graded"
    };
    Error::new(said).help(help)
}

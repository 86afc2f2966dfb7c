//! One judgement while it is made: which exercises are wanted, which are at fault, and what becomes of them.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Wanted;
use super::compile::{Build, Said};
use super::overlay::{Needed, plain};
use super::run::Case;
use super::verdict::{Diagnostic, Status, TestResult, TestStatus, Verdict};
use crate::course::{
    Changed, Exercise, Item, Originals, Stage, Test, Uses, changed, conflict_line, relied_on,
    tests_of,
};
use crate::diagnosis::Diagnoses;
use crate::error::{Error, Kind, Result};
use crate::files::FileSet;

/// How many lines of a failed statement are kept.
const STATEMENT_LINES: usize = 6;

/// An exercise that does not compile, and what the compiler says of it.
#[derive(Debug)]
pub struct Fault<'a> {
    pub exercise: &'a Exercise,
    diagnostics: Vec<Diagnostic>,
}

#[derive(Debug)]
struct Expected<'a> {
    exercise: &'a Exercise,
    tests: Vec<Test>,
    /// Only some of the exercise's tests were asked for.
    named: bool,
    limit: Duration,
}

/// One judgement while it is made.
#[derive(Debug)]
pub struct Session<'a> {
    pub stage: &'a Stage,
    pub originals: &'a Originals,
    pub faults: Vec<Fault<'a>>,
    /// What was handed out, is no source, and is not as it was.
    pub edited: Vec<String>,
    /// The known mistakes that a verdict may speak of.
    pub diagnoses: Diagnoses,
    /// A verdict says what is not as the starter has it.
    pub compares: bool,
    wanted: Vec<Expected<'a>>,
}

impl<'a> Session<'a> {
    /// Begins a judgement. The tests that are expected come from the originals; `limit` says how long a test may run
    /// whose exercise allows so many seconds.
    ///
    /// # Errors
    ///
    /// When the originals lack a test file, or it does not split into tokens.
    pub fn new(
        stage: &'a Stage,
        originals: &'a Originals,
        wanted: &[Wanted<'a>],
        limit: impl Fn(u16) -> Duration,
    ) -> Result<Self> {
        let expected = |one: &Wanted<'a>| {
            let mut tests = tests_in(stage, originals, one.exercise)?;
            if let Some(named) = &one.tests {
                tests.retain(|test| named.contains(&test.name));
            }
            Ok(Expected {
                exercise: one.exercise,
                tests,
                named: one.tests.is_some(),
                limit: limit(one.exercise.test_seconds),
            })
        };
        Ok(Self {
            stage,
            originals,
            faults: Vec::new(),
            edited: Vec::new(),
            diagnoses: Diagnoses::default(),
            compares: true,
            wanted: wanted.iter().map(expected).collect::<Result<_>>()?,
        })
    }

    /// Notes the exercises whose source is not among `files`, cannot be read, or holds the marks of a conflict.
    pub fn note_missing(&mut self, files: &FileSet, unreadable: &BTreeMap<String, String>) {
        for item in self.stage.items() {
            let path = item.exercise.source();
            let own = unreadable.iter().find(|(path, _)| item.exercise.owns(path));
            let words = if let Some((_, why)) = own {
                why.clone()
            } else if !files.contains_key(&path) {
                format!(
                    "{} is missing: was it renamed or deleted?\n`cargo xtask reset {}` brings the starter back",
                    self.stage.shown(&item.source()),
                    item.id()
                )
            } else if let Some(words) = self.conflict(&item, files) {
                words
            } else {
                continue;
            };
            self.faults.push(Fault {
                exercise: item.exercise,
                diagnostics: vec![Diagnostic::words(words)],
            });
        }
    }

    /// The words about a conflict that git has left in a source of the exercise, or in one that belongs to all.
    fn conflict(&self, item: &Item<'_>, files: &FileSet) -> Option<String> {
        let mut sources = files.iter().filter(|(path, _)| {
            let owner = self.stage.owner(path);
            path.starts_with("src/") && owner.is_none_or(|owner| owner.name == item.exercise.name)
        });
        let (path, line) = sources.find_map(|(path, text)| Some((path, conflict_line(text)?)))?;
        Some(format!(
            "git has left a conflict in exercises/{}/{path}, from line {line} on: the course and you have both changed \
             this place. Above `=======` stands one version, below it the other; the words behind `<<<<<<<` and \
             `>>>>>>>` say where each comes from, and `HEAD` is yours, unless you rebase. Keep the lines that you want, \
             take out the three lines with the marks, and save. Or begin anew, your file is kept: \
             `cargo xtask reset {}`.",
            self.stage.folder,
            item.id()
        ))
    }

    /// What the reader of the verdict on `exercise` should know: a changed test that it did not come from, and other
    /// exercises that had to be left out.
    fn notes_on(&self, exercise: &Exercise) -> Vec<String> {
        let mut notes = Vec::new();
        for path in &self.edited {
            let owner = self.stage.owner(path);
            if owner.is_some_and(|owner| owner.name != exercise.name) {
                continue;
            }
            let id = &self.stage.id;
            let name = owner.map_or(id.clone(), |owner| format!("{id}/{}", owner.name));
            notes.push(format!(
                "exercises/{}/{path} is not as it was handed out; this verdict comes from the original. \
                 `cargo xtask reset --tests {name}` brings it back.",
                self.stage.folder
            ));
        }
        if self.fault(exercise).is_none() {
            notes.extend(self.faults.iter().map(|fault| {
                format!(
                    "`{}` does not compile, so this verdict was reached with its starter in its place.",
                    fault.exercise.name
                )
            }));
        }
        notes
    }

    /// Finds the exercises that a failed build is the fault of.
    ///
    /// # Errors
    ///
    /// When cargo failed before it came to the stage's code.
    pub fn attribute(&mut self, build: &Build) -> Result<()> {
        let errors: Vec<&Said> = build
            .said
            .iter()
            .filter(|said| said.diagnostic.is_error)
            .collect();
        if errors.iter().all(|error| error.files.is_empty()) {
            return Err(not_buildable(self.stage, build));
        }
        let known: BTreeSet<&str> = self
            .faults
            .iter()
            .map(|fault| fault.exercise.name.as_str())
            .collect();
        let owner_of = |error: &Said| {
            let mut owners = error.files.iter().filter_map(|path| self.stage.owner(path));
            owners.find(|exercise| !known.contains(exercise.name.as_str()))
        };
        let mut found: Vec<Fault<'a>> = Vec::new();
        for error in &errors {
            let Some(exercise) = owner_of(error) else {
                continue;
            };
            let diagnostic = without_overlay(&error.diagnostic);
            match found
                .iter_mut()
                .find(|fault| fault.exercise.name == exercise.name)
            {
                Some(fault) => fault.diagnostics.push(diagnostic),
                None => found.push(Fault {
                    exercise,
                    diagnostics: vec![diagnostic],
                }),
            }
        }
        if found.is_empty() {
            // The fault lies in a file that belongs to no exercise, such as lib.rs: nothing of the stage can be judged.
            let said = errors
                .iter()
                .map(|error| without_overlay(&error.diagnostic));
            let said: Vec<Diagnostic> = said.collect();
            for exercise in self.remaining() {
                found.push(Fault {
                    exercise,
                    diagnostics: said.clone(),
                });
            }
        }
        self.faults.extend(found);
        Ok(())
    }

    /// The wanted exercises that are not known to be at fault.
    pub fn remaining(&self) -> Vec<&'a Exercise> {
        let wanted = self.wanted.iter().map(|expected| expected.exercise);
        wanted
            .filter(|exercise| self.fault(exercise).is_none())
            .collect()
    }

    /// The tests that are needed for the exercises that are not known to be at fault.
    pub fn needed(&self, files: &FileSet) -> Needed {
        let named = self.wanted.iter().filter(|expected| expected.named);
        let only = named.map(|expected| {
            let names = expected.tests.iter().map(|test| test.name.clone());
            (expected.exercise.tests_file(), names.collect())
        });
        Needed {
            modules: Uses::of(self.stage, files).tests_behind(&self.remaining()),
            only: only.collect(),
        }
    }

    fn fault(&self, exercise: &Exercise) -> Option<&Fault<'a>> {
        self.faults
            .iter()
            .find(|fault| fault.exercise.name == exercise.name)
    }

    /// The tests to run.
    pub fn cases(&self) -> Vec<Case> {
        let mut cases = Vec::new();
        for expected in &self.wanted {
            if self.fault(expected.exercise).is_some() {
                continue;
            }
            cases.extend(expected.tests.iter().map(|test| Case {
                module: expected.exercise.name.clone(),
                test: test.clone(),
                limit: expected.limit,
            }));
        }
        cases
    }

    /// The verdicts, from the results of [`Session::cases`] in their order. `judged` are the files under judgement.
    pub fn verdicts(
        &self,
        judged: &FileSet,
        results: Vec<TestResult>,
        said: &[Said],
    ) -> Vec<Verdict> {
        let mut results = results.into_iter();
        let mut verdicts = Vec::new();
        let uses = LazyCell::new(|| Uses::of(self.stage, judged));
        for Expected {
            exercise, tests, ..
        } in &self.wanted
        {
            let item = Item {
                stage: self.stage,
                exercise,
            };
            let mut verdict = Verdict {
                exercise: item.id(),
                status: Status::CompileError,
                tests: Vec::new(),
                diagnostics: Vec::new(),
                notes: self.notes_on(exercise),
                changed: Vec::new(),
                diagnosis: None,
            };
            match self.fault(exercise) {
                Some(fault) => verdict.diagnostics = fault.diagnostics.clone(),
                None => {
                    let own = results.by_ref().take(tests.len());
                    verdict.tests = own.map(|result| self.finished(result, judged)).collect();
                    let source = exercise.source();
                    let text = judged.get(&source).map(String::as_str);
                    let untouched = text == self.originals.starter(exercise).ok();
                    verdict.status = status_of(&verdict.tests, untouched);
                    // With another's starter in its place a failure may be that one's.
                    if verdict.status != Status::NotStarted && self.faults.is_empty() {
                        verdict.diagnosis = self.diagnoses.of(exercise, &verdict.tests);
                    }
                    let warnings = said.iter().filter(|said| !said.diagnostic.is_error);
                    let own = warnings.filter(|said| said.files.first() == Some(&source));
                    verdict.diagnostics =
                        own.map(|said| without_overlay(&said.diagnostic)).collect();
                }
            }
            if self.compares && !verdict.passed() {
                verdict.changed = self.changed_behind(exercise, &uses, judged);
            }
            verdicts.push(verdict);
        }
        verdicts
    }

    /// What is not as the starter has it in the exercise's file, and in those of the exercises that it uses.
    fn changed_behind(&self, exercise: &Exercise, uses: &Uses, judged: &FileSet) -> Vec<Changed> {
        let mut found = Vec::new();
        for name in uses.exercises_behind(self.stage, exercise) {
            let Some(used) = self.stage.exercise(name) else {
                continue;
            };
            let path = used.source();
            let (Ok(starter), Some(yours)) = (self.originals.starter(used), judged.get(&path))
            else {
                continue;
            };
            let file = format!("exercises/{}/{path}", self.stage.folder);
            let others = judged.iter().filter(|(other, _)| **other != path);
            let rust = others.filter(|(other, _)| other.ends_with(".rs"));
            let own = relied_on(changed(starter, yours), rust.map(|(_, text)| text.as_str()));
            found.extend(own.into_iter().map(|one| Changed {
                file: file.clone(),
                ..one
            }));
        }
        found
    }

    /// Paths of the overlay become those of the course, and the failed statement is added.
    fn finished(&self, mut result: TestResult, judged: &FileSet) -> TestResult {
        if let Some(failure) = &mut result.failure {
            let texts = [&mut failure.message, &mut failure.says];
            let values = failure.came.iter_mut().chain(&mut failure.expected);
            for text in texts.into_iter().chain(values).chain(&mut failure.place) {
                *text = plain(text);
            }
            if let Some(place) = &failure.place {
                failure.statement = self.statement(place, judged).unwrap_or_default();
            }
        }
        for panic in &mut result.other_panics {
            panic.message = plain(&panic.message);
            panic.place = plain(&panic.place);
        }
        result.printed = plain(&result.printed);
        result
    }

    /// The statement that begins at a place, as far as it is short.
    fn statement(&self, place: &str, judged: &FileSet) -> Option<Vec<String>> {
        let (path, line) = place.rsplit_once(':')?;
        let first = line.parse::<usize>().ok()?.checked_sub(1)?;
        let inside = path.strip_prefix(&format!("exercises/{}/", self.stage.folder))?;
        let text = judged
            .get(inside)
            .or_else(|| self.originals.files().get(inside))?;
        let lines: Vec<&str> = text.lines().skip(first).take(STATEMENT_LINES).collect();
        let indent_of = |line: &str| line.len() - line.trim_start().len();
        let indent = indent_of(lines.first()?);
        let inside = lines
            .iter()
            .take_while(|line| indent_of(line) >= indent)
            .count();
        let end = lines.iter().position(|line| line.ends_with(';'));
        let length = end.map_or(inside, |end| inside.min(end + 1));
        let dedent = |line: &&str| line.get(indent..).unwrap_or_default().to_owned();
        Some(lines.iter().take(length).map(dedent).collect())
    }
}

/// The tests of an exercise, from its original test file and from modules below it, such as an instructor's hidden one.
fn tests_in(stage: &Stage, originals: &Originals, exercise: &Exercise) -> Result<Vec<Test>> {
    let wrong =
        |path: &str, what| Error::of(Kind::Course, format!("{}/{path}: {what}", stage.folder));
    let path = exercise.tests_file();
    let mut tests = tests_of(originals.get(&path)?).map_err(|what| wrong(&path, what))?;
    for (path, text) in originals.files() {
        let Some(module) = exercise.tests_module(path) else {
            continue;
        };
        for mut test in tests_of(text).map_err(|what| wrong(path, what))? {
            test.name = format!("{module}::{}", test.name);
            tests.push(test);
        }
    }
    Ok(tests)
}

fn status_of(tests: &[TestResult], untouched: bool) -> Status {
    let any = |status| tests.iter().any(|test| test.status == status);
    if tests.is_empty() {
        Status::Failed
    } else if tests.iter().all(|test| test.status == TestStatus::Passed) {
        Status::Passed
    } else if untouched {
        Status::NotStarted
    } else if any(TestStatus::TimedOut) {
        Status::TimedOut
    } else {
        Status::Failed
    }
}

fn without_overlay(diagnostic: &Diagnostic) -> Diagnostic {
    Diagnostic {
        rendered: plain(&diagnostic.rendered),
        ..diagnostic.clone()
    }
}

/// Cargo failed before it came to the learner's code.
fn not_buildable(stage: &Stage, build: &Build) -> Error {
    let log = build.log.trim();
    let said = if log.is_empty() {
        "cargo gave no reason"
    } else {
        log
    };
    let words = format!(
        "the stage `{}` cannot be built, and its exercises are not the reason:\n{said}",
        stage.id
    );
    let missing = said.contains("linker `") && said.contains("not found");
    Error::of(Kind::Build, words).help(if missing {
        "the linker is missing; `cargo xtask doctor` says how to install it"
    } else {
        "`cargo xtask doctor` looks for what is missing on this machine"
    })
}

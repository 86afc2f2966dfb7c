//! Takes a stage and source files, and answers with a verdict for each exercise.
//!
//! The learner's tree is judged where it lies. Everything else — a solution, a wrong answer, a tree in which another
//! exercise is broken or a test was changed — is judged in an [`overlay`].

mod compile;
mod guard;
mod overlay;
pub mod process;
mod run;
#[cfg(test)]
mod tests;
mod verdict;

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::course::{Course, Exercise, Item, Originals, Stage, Test, tests_of};
use crate::error::{Error, Result};
use crate::files::FileSet;
use crate::terminal::Meter;

pub use compile::cargo;
pub use guard::{Guard, Start};
pub use overlay::{JUDGED, Overlay};
pub use process::Cancel;
pub use verdict::{Status, TestResult, TestStatus, Verdict};

use compile::{Build, Diagnostic, Target};
use run::{Case, Program};

/// What the message says when a build fails and no exercise is named as the reason.
pub const NOT_BUILDABLE: &str = "cannot be built, and its exercises are not the reason";

/// How often a build is tried again with later times, when cargo took new files for built.
const STAMP_TRIES: u32 = 4;

/// The judge of one course.
pub struct Engine<'a> {
    course: &'a Course,
    target_folder: PathBuf,
    overlay: OnceCell<Overlay>,
    cancel: Cancel,
    meter: Meter,
    colours: bool,
    guard: Option<&'a dyn Guard>,
}

impl<'a> Engine<'a> {
    /// A judge that builds below `target_folder`. It stops when `cancel` says so;
    /// `colours` are for what the compiler says.
    pub fn new(course: &'a Course, target_folder: PathBuf, cancel: Cancel, colours: bool) -> Self {
        Self {
            course,
            target_folder,
            overlay: OnceCell::new(),
            cancel,
            meter: Meter::default(),
            colours,
            guard: None,
        }
    }

    /// The same judge for code that nobody trusts: builds and tests run as `guard` says.
    #[must_use]
    pub fn guarded(mut self, guard: &'a dyn Guard) -> Self {
        self.guard = Some(guard);
        self
    }

    /// Judges exercises of the learner's tree. `None` when it was cancelled.
    ///
    /// # Errors
    ///
    /// When the course's own files are broken, or cargo cannot build for a reason that is not in the exercises.
    pub fn judge(&self, stage: &Stage, wanted: &[&Exercise]) -> Result<Option<Vec<Verdict>>> {
        let originals = Originals::load(stage)?;
        let current = stage.files()?;
        let mut session = Session::new(stage, &originals, wanted)?;
        let edited = originals.edited_tests(&current);
        session.note_missing(&current);
        if edited.is_empty() && session.faults.is_empty() && self.owns_its_target_folder() {
            let folder = stage.folder();
            let target = Target {
                workspace: &self.course.root,
                package: &stage.id,
                folder: &folder,
                target_folder: &self.target_folder,
                colours: self.colours,
            };
            let Some(build) = self.build(target)? else {
                return Ok(None);
            };
            if build.succeeded {
                let program = (self.course.root.as_path(), folder.as_path());
                return self.run(&session, &build, program, &current);
            }
            session.attribute(&build)?;
            if session.remaining().is_empty() {
                return Ok(Some(session.verdicts(&current, Vec::new())));
            }
        }
        session.edited = edited;
        let mut files = current.clone();
        files.retain(|path, _| !path.starts_with("tests/"));
        let tests = originals
            .files()
            .iter()
            .filter(|(path, _)| path.starts_with("tests/"));
        files.extend(tests.map(|(path, text)| (path.clone(), text.clone())));
        self.judge_overlaid(session, files, &current)
    }

    /// Judges `files`, which are a whole stage, in the place of the stage's own. Exercises that do not compile are
    /// replaced by their starters, so that the others are judged. `None` when it was cancelled.
    ///
    /// # Errors
    ///
    /// As [`Engine::judge`].
    pub fn judge_files(
        &self,
        stage: &Stage,
        originals: &Originals,
        files: FileSet,
        wanted: &[&Exercise],
    ) -> Result<Option<Vec<Verdict>>> {
        let mut session = Session::new(stage, originals, wanted)?;
        session.note_missing(&files);
        let judged = files.clone();
        self.judge_overlaid(session, files, &judged)
    }

    /// The overlay, opened when it is first needed.
    ///
    /// # Errors
    ///
    /// When it cannot be opened.
    pub fn overlay(&self) -> Result<&Overlay> {
        if let Some(overlay) = self.overlay.get() {
            return Ok(overlay);
        }
        let opened = Overlay::open(self.course, &self.target_folder)?;
        Ok(self.overlay.get_or_init(|| opened))
    }

    /// Where this engine builds.
    pub fn target_folder(&self) -> &Path {
        &self.target_folder
    }

    /// Whether only this course builds here. Two copies of the course that share a target folder (`CARGO_TARGET_DIR`)
    /// have packages that cargo takes for the same, and it judges by time alone which is built: then the learner's tree
    /// is judged in the overlay as well, which is locked and stamped.
    fn owns_its_target_folder(&self) -> bool {
        let plain = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        plain(&self.target_folder).starts_with(plain(&self.course.root))
    }

    fn judge_overlaid(
        &self,
        mut session: Session<'_>,
        mut files: FileSet,
        judged: &FileSet,
    ) -> Result<Option<Vec<Verdict>>> {
        loop {
            for fault in &session.faults {
                let starter = session.originals.starter(fault.exercise)?;
                files.insert(fault.exercise.source(), starter.to_owned());
            }
            let Some(build) = self.build_overlaid(session.stage, &files)? else {
                return Ok(None);
            };
            if build.succeeded {
                let overlay = self.overlay()?;
                let folder = overlay.folder(session.stage);
                return self.run(&session, &build, (overlay.root(), &folder), judged);
            }
            session.attribute(&build)?;
            if session.remaining().is_empty() {
                return Ok(Some(session.verdicts(judged, Vec::new())));
            }
        }
    }

    fn build_overlaid(&self, stage: &Stage, files: &FileSet) -> Result<Option<Build>> {
        let overlay = self.overlay()?;
        overlay.install(stage, files)?;
        let folder = overlay.folder(stage);
        let target = Target {
            workspace: overlay.root(),
            package: &stage.id,
            folder: &folder,
            target_folder: &self.target_folder,
            colours: self.colours,
        };
        for seconds in 0..STAMP_TRIES {
            let Some(build) = self.build(target)? else {
                return Ok(None);
            };
            if !build.reused {
                if let Some(guard) = self.guard.filter(|_| build.succeeded) {
                    guard.inspect(&build.artifacts)?;
                }
                return Ok(Some(build));
            }
            overlay.stamp(stage, files, Duration::from_secs(seconds.into()))?;
        }
        Err(Error::new("cargo keeps taking new files for built")
            .help("is the clock of this machine right? `cargo clean` removes the old builds"))
    }

    fn build(&self, target: Target<'_>) -> Result<Option<Build>> {
        let (crates, meter) = (AtomicUsize::new(0), &self.meter);
        let build = compile::build(target, self.guard, &self.cancel, |name| {
            let count = crates.fetch_add(1, Ordering::Relaxed) + 1;
            meter.show(&format!(
                "building {}: {count} crates compiled, the last was {name}",
                target.package
            ));
        });
        self.meter.clear();
        build
    }

    fn run(
        &self,
        session: &Session<'_>,
        build: &Build,
        (workspace, folder): (&Path, &Path),
        judged: &FileSet,
    ) -> Result<Option<Vec<Verdict>>> {
        let Some(binary) = &build.binary else {
            return Err(Error::new(format!(
                "cargo built no test program for `{}`",
                session.stage.id
            ))
            .help("its Cargo.toml names it: [[test]] name = \"stage\""));
        };
        let program = Program {
            binary,
            folder,
            workspace,
        };
        let (cases, meter) = (session.cases(), &self.meter);
        let results = run::run_all(program, &cases, self.guard, &self.cancel, |done| {
            meter.show(&format!("running tests: {done} of {}", cases.len()));
        });
        self.meter.clear();
        let Some(results) = results? else {
            return Ok(None);
        };
        let mut verdicts = session.verdicts(judged, results);
        for verdict in &mut verdicts {
            let source = format!(
                "src/{}.rs",
                verdict.exercise.rsplit('/').next().unwrap_or_default()
            );
            let warnings = build
                .diagnostics
                .iter()
                .filter(|diagnostic| !diagnostic.is_error);
            let own = warnings.filter(|warning| warning.files.first() == Some(&source));
            if verdict.diagnostics.is_empty() {
                verdict.diagnostics = own.map(rendered).collect();
            }
        }
        Ok(Some(verdicts))
    }
}

/// An exercise that does not compile, and what the compiler says of it.
struct Fault<'a> {
    exercise: &'a Exercise,
    diagnostics: Vec<String>,
}

/// One judgement while it is made.
struct Session<'a> {
    stage: &'a Stage,
    originals: &'a Originals,
    wanted: Vec<(&'a Exercise, Vec<Test>)>,
    faults: Vec<Fault<'a>>,
    /// The test files that are not as they were handed out.
    edited: Vec<String>,
}

impl<'a> Session<'a> {
    fn new(stage: &'a Stage, originals: &'a Originals, wanted: &[&'a Exercise]) -> Result<Self> {
        let wanted = wanted
            .iter()
            .map(|exercise| {
                let path = exercise.tests_file();
                let wrong =
                    |path: &str, what| Error::new(format!("{}/{path}: {what}", stage.folder));
                let mut tests =
                    tests_of(originals.get(&path)?).map_err(|what| wrong(&path, what))?;
                // A module below the exercise's tests, such as an instructor's hidden one, has tests of its own.
                for (path, text) in originals.files() {
                    let Some(module) = exercise.tests_module(path) else {
                        continue;
                    };
                    for mut test in tests_of(text).map_err(|what| wrong(path, what))? {
                        test.name = format!("{module}::{}", test.name);
                        tests.push(test);
                    }
                }
                Ok((*exercise, tests))
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            stage,
            originals,
            wanted,
            faults: Vec::new(),
            edited: Vec::new(),
        })
    }

    fn note_missing(&mut self, files: &FileSet) {
        for item in self.stage.items() {
            if !files.contains_key(&item.exercise.source()) {
                let path = self.stage.shown(&item.source());
                let words = format!(
                    "{path} is missing: was it renamed or deleted?\n`cargo xtask reset {}` brings the starter back",
                    item.id()
                );
                self.faults.push(Fault {
                    exercise: item.exercise,
                    diagnostics: vec![words],
                });
            }
        }
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
    fn attribute(&mut self, build: &Build) -> Result<()> {
        let errors: Vec<&Diagnostic> = build
            .diagnostics
            .iter()
            .filter(|one| one.is_error)
            .collect();
        if errors.iter().all(|error| error.files.is_empty()) {
            return Err(not_buildable(self.stage, build));
        }
        let known: BTreeSet<&str> = self
            .faults
            .iter()
            .map(|fault| fault.exercise.name.as_str())
            .collect();
        let owner_of = |error: &Diagnostic| {
            let mut owners = error.files.iter().filter_map(|path| self.stage.owner(path));
            owners.find(|exercise| !known.contains(exercise.name.as_str()))
        };
        let mut found: Vec<Fault<'a>> = Vec::new();
        for error in &errors {
            let Some(exercise) = owner_of(error) else {
                continue;
            };
            match found
                .iter_mut()
                .find(|fault| fault.exercise.name == exercise.name)
            {
                Some(fault) => fault.diagnostics.push(rendered(error)),
                None => found.push(Fault {
                    exercise,
                    diagnostics: vec![rendered(error)],
                }),
            }
        }
        if found.is_empty() {
            // The fault lies in a file that belongs to no exercise, such as lib.rs: nothing of the stage can be judged.
            let words: Vec<String> = errors.iter().map(|error| rendered(error)).collect();
            for (exercise, _) in self.remaining() {
                found.push(Fault {
                    exercise,
                    diagnostics: words.clone(),
                });
            }
        }
        self.faults.extend(found);
        Ok(())
    }

    /// The wanted exercises that are not known to be at fault.
    fn remaining(&self) -> Vec<&(&'a Exercise, Vec<Test>)> {
        self.wanted
            .iter()
            .filter(|(exercise, _)| self.fault(exercise).is_none())
            .collect()
    }

    fn fault(&self, exercise: &Exercise) -> Option<&Fault<'a>> {
        self.faults
            .iter()
            .find(|fault| fault.exercise.name == exercise.name)
    }

    fn cases(&self) -> Vec<Case> {
        let remaining = self.remaining();
        let of_exercise = |(exercise, tests): &&(&Exercise, Vec<Test>)| {
            let (module, seconds) = (exercise.name.clone(), exercise.test_seconds);
            let case = move |test: &Test| Case {
                module: module.clone(),
                test: test.clone(),
                seconds,
            };
            tests.iter().map(case).collect::<Vec<Case>>()
        };
        remaining.iter().flat_map(of_exercise).collect()
    }

    /// The verdicts, from the results of [`Session::cases`] in their order. `judged` are the files under judgement.
    fn verdicts(&self, judged: &FileSet, results: Vec<TestResult>) -> Vec<Verdict> {
        let mut results = results.into_iter();
        let mut verdicts = Vec::new();
        for (exercise, tests) in &self.wanted {
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
            };
            match self.fault(exercise) {
                Some(fault) => verdict.diagnostics = fault.diagnostics.clone(),
                None => {
                    verdict.tests = results
                        .by_ref()
                        .take(tests.len())
                        .map(without_overlay)
                        .collect();
                    let source = judged.get(&exercise.source()).map(String::as_str);
                    let untouched = source == self.originals.starter(exercise).ok();
                    verdict.status = status_of(&verdict.tests, untouched);
                }
            }
            verdicts.push(verdict);
        }
        verdicts
    }
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

/// Paths of the overlay become those of the learner's tree.
fn without_overlay(mut result: TestResult) -> TestResult {
    let prefix = format!("{JUDGED}/");
    result.location = result.location.map(|place| place.replace(&prefix, ""));
    result.message = result.message.replace(&prefix, "");
    result
}

fn rendered(diagnostic: &Diagnostic) -> String {
    let rendered = diagnostic.rendered.replace(&format!("{JUDGED}/"), "");
    rendered.replace(&format!("{JUDGED}\\"), "")
}

/// Cargo failed before it came to the learner's code.
fn not_buildable(stage: &Stage, build: &Build) -> Error {
    let log = build.log.trim();
    let said = if log.is_empty() {
        "cargo gave no reason"
    } else {
        log
    };
    Error::new(format!("the stage `{}` {NOT_BUILDABLE}:\n{said}", stage.id))
        .help("`cargo xtask doctor` looks for what is missing on this machine")
}

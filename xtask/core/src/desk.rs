//! The learner's place: what can be done with the course, as data, for a terminal and a page alike.

mod changes;
mod renamed;
mod roadmap;

use std::path::{Path, PathBuf};

use crate::course::{
    Course, Item, Material, Originals, Stage, Uses, base_key, files_behind, tests_of,
};
use crate::engine::{Engine, Event, Observer, Status, TestResult, TestStatus, Verdict};
use crate::error::{Error, Kind, Result};
use crate::files;
use crate::key::KeyMaker;
use crate::process::Cancel;
use crate::progress::{Change, Progress, Snapshot, UNDER_ANOTHER_NAME};

pub use changes::{Comparison, Hints, Restored, compare, debugging_left, reset, reset_tests};
pub use renamed::Renamed;
pub use roadmap::{ExerciseState, Roadmap, StageState};

/// Judges what a learner asks for, and nothing twice.
pub struct Desk<'a> {
    pub course: &'a Course,
    engine: Engine<'a>,
    progress: Progress,
    observer: &'a dyn Observer,
}

/// What was judged.
#[derive(Debug)]
pub struct Judged {
    /// In the order in which they were asked for.
    pub verdicts: Vec<Verdict>,
    /// For each verdict the [`Desk::key`] of what was judged, which may be older than what stands in the file now.
    pub keys: Vec<String>,
    /// The verdicts stand, and this went wrong besides: they could not be remembered, for example.
    pub warnings: Vec<Error>,
}

/// How far a learner came who asked "where am I?".
#[derive(Debug)]
pub struct Advance<'a> {
    /// What passes and was not known to.
    pub passed: Vec<(Item<'a>, Verdict)>,
    pub end: End<'a>,
    /// The [`Desk::key`] of the exercise at which it ended, taken before the look at it: what is saved later has another.
    pub key: Option<String>,
    /// As [`Judged::warnings`].
    pub warnings: Vec<Error>,
}

impl<'a> Advance<'a> {
    /// The exercise that [`Advance::key`] belongs to.
    pub fn at(&self) -> Option<Item<'a>> {
        match &self.end {
            End::Here(item, _) | End::Next(item) => Some(*item),
            End::Finished => self.passed.last().map(|(item, _)| *item),
        }
    }
}

/// Where it ended.
#[derive(Debug)]
pub enum End<'a> {
    /// This exercise does not pass yet.
    Here(Item<'a>, Box<Verdict>),
    /// This one comes next, and nothing is written there yet.
    Next(Item<'a>),
    /// Nothing is left.
    Finished,
}

impl<'a> Desk<'a> {
    /// The desk of a course. Builds go below `target_folder`; `colours` are for what the compiler says.
    pub fn new(
        course: &'a Course,
        target_folder: PathBuf,
        cancel: Cancel,
        observer: &'a dyn Observer,
        colours: bool,
    ) -> Self {
        let engine = Engine::new(course, target_folder, cancel)
            .observed(observer)
            .coloured(colours)
            .asking(true);
        Self {
            course,
            engine,
            progress: Progress::of(&course.root),
            observer,
        }
    }

    /// The same desk for a reader who wants the first failure of an exercise: once it is known, tests that hang are not
    /// waited for.
    #[must_use]
    pub fn impatient(mut self, impatient: bool) -> Self {
        self.engine = self.engine.impatient(impatient);
        self
    }

    /// The same desk, whose tests are held by this process: see [`Engine::holding`].
    #[must_use]
    pub fn holding(mut self) -> Self {
        self.engine = self.engine.holding();
        self
    }

    /// What the learner should know about the progress file, when something is wrong with it.
    ///
    /// # Errors
    ///
    /// When a damaged file cannot be set aside.
    pub fn notice(&self) -> Result<Option<String>> {
        self.progress.set_aside_unreadable()
    }

    /// What is remembered now.
    pub fn remembered(&self) -> Snapshot {
        self.progress.read()
    }

    /// Judges exercises, one build a stage at the most.
    ///
    /// # Errors
    ///
    /// When the course is broken, cargo cannot build, or it was called off.
    pub fn judge(&self, items: &[Item<'a>]) -> Result<Judged> {
        self.judge_all(items, false)
    }

    /// As [`Desk::judge`], and what has passed before is judged again: its tests may have printed something.
    ///
    /// # Errors
    ///
    /// As [`Desk::judge`].
    pub fn judge_anew(&self, items: &[Item<'a>]) -> Result<Judged> {
        self.judge_all(items, true)
    }

    fn judge_all(&self, items: &[Item<'a>], anew: bool) -> Result<Judged> {
        let mut judged = Judged {
            verdicts: Vec::new(),
            keys: Vec::new(),
            warnings: Vec::new(),
        };
        for group in items.chunk_by(|one, other| one.stage.folder == other.stage.folder) {
            let Some(first) = group.first() else {
                continue;
            };
            self.judge_stage(first.stage, group, anew, &mut judged)?;
        }
        Ok(judged)
    }

    fn judge_stage(
        &self,
        stage: &Stage,
        items: &[Item<'a>],
        anew: bool,
        judged: &mut Judged,
    ) -> Result<()> {
        let originals = Originals::load(stage)?;
        let material = Material::read(stage, &originals);
        let keys = self.keys(stage, &material)?;
        let remembered_now = self.progress.read();
        let is_open = |item: &&Item<'a>| {
            let key = keys.of(item);
            anew || remembered_now.passed_as(&item.id()) != Some(key.as_str())
        };
        let open: Vec<&Item<'a>> = items.iter().filter(is_open).collect();
        let mut fresh = Vec::new();
        if !open.is_empty() {
            self.observer.notice(Event::Judging {
                stage: stage.id.clone(),
                exercises: open.iter().map(|item| item.id()).collect(),
            });
            let wanted: Vec<_> = open.iter().map(|item| item.exercise).collect();
            let answered = self
                .engine
                .judge_material(stage, &originals, material, &wanted)?;
            let mut changes: Vec<Change> = Vec::new();
            for (item, verdict) in open.iter().zip(&answered) {
                changes.push(Change::Judged {
                    exercise: item.id(),
                    passed: verdict.passed().then(|| keys.of(item)),
                });
                changes.extend(verdict.diagnosis.iter().map(|known| Change::Asked {
                    exercise: item.id(),
                    mistake: known.mistake.clone(),
                }));
            }
            if let Err(warning) = self.progress.change(&changes) {
                judged.warnings.push(warning);
            }
            fresh = answered;
        }
        for item in items {
            let id = item.id();
            let verdict = match fresh.iter().position(|verdict| verdict.exercise == id) {
                Some(index) => fresh.swap_remove(index),
                None => passed_before(item, &originals)?,
            };
            self.observer.notice(Event::Judged {
                verdict: Box::new(verdict.clone()),
            });
            judged.verdicts.push(verdict);
            judged.keys.push(keys.of(item));
        }
        Ok(())
    }

    /// Judges the exercise, and goes on along the roadmap as long as what the learner has written passes.
    ///
    /// # Errors
    ///
    /// As [`Desk::judge`].
    pub fn advance(&self, from: Option<Item<'a>>) -> Result<Advance<'a>> {
        let mut advance = Advance {
            passed: Vec::new(),
            end: End::Finished,
            key: None,
            warnings: Vec::new(),
        };
        let mut here = from;
        while let Some(item) = here {
            if !advance.passed.is_empty() {
                advance.key = Some(self.key(&item)?);
                if !is_touched(&item)? {
                    advance.end = End::Next(item);
                    break;
                }
            }
            let mut judged = self.judge(&[item])?;
            advance.warnings.append(&mut judged.warnings);
            advance.key = judged.keys.pop();
            let Some(verdict) = judged.verdicts.pop() else {
                break;
            };
            if !verdict.passed() {
                advance.end = End::Here(item, Box::new(verdict));
                break;
            }
            advance.passed.push((item, verdict));
            here = self.after(&item)?;
        }
        Ok(advance)
    }

    /// The first exercise of the roadmap that is not done.
    ///
    /// # Errors
    ///
    /// When a file of the course cannot be read.
    pub fn current(&self) -> Result<Option<Item<'a>>> {
        self.first_open(self.course.stages.iter().flat_map(Stage::items))
    }

    /// The next exercise that is not done: the first one behind `item`, or else the first one of all.
    ///
    /// # Errors
    ///
    /// When a file of the course cannot be read.
    pub fn after(&self, item: &Item<'_>) -> Result<Option<Item<'a>>> {
        let mut later = self
            .course
            .exercises()
            .skip_while(|other| other.id() != item.id());
        later.next();
        match self.first_open(later)? {
            Some(next) => Ok(Some(next)),
            None => self.first_open(
                self.course
                    .exercises()
                    .filter(|other| other.id() != item.id()),
            ),
        }
    }

    /// The first of these exercises that is not done.
    ///
    /// # Errors
    ///
    /// When a file of the course cannot be read.
    pub fn first_open(&self, items: impl Iterator<Item = Item<'a>>) -> Result<Option<Item<'a>>> {
        let mut known: Option<(&str, Vec<bool>)> = None;
        for item in items {
            let folder = item.stage.folder.as_str();
            let done = match known.take() {
                Some((stage, done)) if stage == folder => done,
                _ => self.done_in(item.stage)?,
            };
            let index = item
                .stage
                .exercises
                .iter()
                .position(|exercise| exercise.name == item.exercise.name);
            if !index
                .and_then(|index| done.get(index))
                .is_some_and(|done| *done)
            {
                return Ok(Some(item));
            }
            known = Some((folder, done));
        }
        Ok(None)
    }

    /// Whether the exercise passed and nothing that it rests on has changed since.
    ///
    /// # Errors
    ///
    /// When a file of the course cannot be read.
    pub fn is_done(&self, item: &Item<'_>) -> Result<bool> {
        let names = item.stage.exercises.iter().map(|exercise| &exercise.name);
        let mut states = names.zip(self.done_in(item.stage)?);
        Ok(states.any(|(name, done)| name == &item.exercise.name && done))
    }

    /// Which exercises of a stage are done, in their order.
    ///
    /// # Errors
    ///
    /// When a file of the course cannot be read.
    pub fn done_in(&self, stage: &Stage) -> Result<Vec<bool>> {
        let snapshot = self.progress.read();
        let passed: Vec<Option<&str>> = stage
            .items()
            .map(|item| snapshot.passed_as(&item.id()))
            .collect();
        if passed.iter().all(Option::is_none) {
            return Ok(vec![false; stage.exercises.len()]);
        }
        let originals = Originals::load(stage)?;
        let keys = self.keys(stage, &Material::read(stage, &originals))?;
        let items = stage.items().zip(passed);
        Ok(items
            .map(|(item, passed)| {
                passed.is_some_and(|key| key == keys.of(&item) || key == UNDER_ANOTHER_NAME)
            })
            .collect())
    }

    /// A key that changes when a verdict on `item` may.
    ///
    /// # Errors
    ///
    /// When a file of the course cannot be read.
    pub fn key(&self, item: &Item<'_>) -> Result<String> {
        let originals = Originals::load(item.stage)?;
        let material = Material::read(item.stage, &originals);
        Ok(self.keys(item.stage, &material)?.of(item))
    }

    /// The exercise that `name` names, or the current one.
    ///
    /// # Errors
    ///
    /// When the name is wrong, or nothing is left to do.
    pub fn named_or_current(&self, name: Option<&str>) -> Result<Item<'a>> {
        match name {
            Some(name) => self.course.exercise(name),
            None => self.current()?.ok_or_else(|| {
                Error::new("every exercise is done, so there is no current one")
                    .help("name an exercise")
            }),
        }
    }

    /// The hints of an exercise that are shown now: the next one, or all.
    pub fn hints(&self, item: &Item<'_>, all: bool) -> (Hints, Option<Error>) {
        let seen = self.progress.read().hints_shown(&item.id());
        let hints = Hints::next(item.exercise, seen, all);
        let change = Change::Hinted {
            exercise: item.id(),
            shown: hints.shown,
        };
        (hints, self.progress.change(&[change]).err())
    }

    fn keys(&self, stage: &Stage, material: &Material) -> Result<Keys> {
        let manifest = material.files.get("Cargo.toml");
        let base = base_key(stage, manifest.map_or("", String::as_str))?;
        let uses = Uses::of(stage, &material.files);
        let key = |item: Item<'_>| {
            let key = KeyMaker::default()
                .text(&base)
                .text(&item.exercise.test_seconds.to_string())
                .files(files_behind(&uses, item.exercise, &material.files))
                .finish();
            (item.exercise.name.clone(), key)
        };
        Ok(Keys(stage.items().map(key).collect()))
    }
}

/// The keys of a stage's exercises, by name.
struct Keys(std::collections::BTreeMap<String, String>);

impl Keys {
    fn of(&self, item: &Item<'_>) -> String {
        self.0.get(&item.exercise.name).cloned().unwrap_or_default()
    }
}

/// Whether the learner has changed the exercise's file.
///
/// # Errors
///
/// When the originals cannot be read.
pub fn is_touched(item: &Item<'_>) -> Result<bool> {
    let originals = Originals::load(item.stage)?;
    let current = files::read(&item.source());
    Ok(current.is_ok_and(|text| Some(text.as_str()) != originals.starter(item.exercise).ok()))
}

/// The verdict on an exercise that has passed and not changed since.
fn passed_before(item: &Item<'_>, originals: &Originals) -> Result<Verdict> {
    let path = item.exercise.tests_file();
    let tests = tests_of(originals.get(&path)?)
        .map_err(|what| Error::of(Kind::Course, format!("{path}: {what}")))?;
    let passed = |test: crate::course::Test| TestResult {
        name: test.name,
        sentence: test.sentence,
        status: TestStatus::Passed,
        failure: None,
        other_panics: Vec::new(),
        printed: String::new(),
        forged: false,
    };
    Ok(Verdict {
        exercise: item.id(),
        status: Status::Passed,
        tests: tests.into_iter().map(passed).collect(),
        diagnostics: Vec::new(),
        notes: Vec::new(),
        changed: Vec::new(),
        diagnosis: None,
    })
}

/// Where cargo builds for the course at `root`: what the environment says, or the folder that this program was built
/// in.
pub fn target_folder(root: &Path) -> PathBuf {
    if let Some(named) = std::env::var_os("CARGO_TARGET_DIR").filter(|named| !named.is_empty()) {
        // Cargo takes it from the folder that it was started in, and so does this.
        return std::path::absolute(&named).unwrap_or_else(|_| PathBuf::from(named));
    }
    let program = std::env::current_exe().ok();
    let marked = program
        .as_deref()
        .into_iter()
        .flat_map(Path::ancestors)
        .find(|folder| folder.join("CACHEDIR.TAG").exists());
    marked.map_or_else(|| root.join("target"), Path::to_owned)
}

//! The course, its judge and what is remembered, put together for a learner's commands.

use std::path::{Path, PathBuf};

use crate::course::{Course, Item, Originals, Stage, tests_of};
use crate::engine::{Cancel, Engine, Status, TestResult, TestStatus, Verdict};
use crate::error::{Error, Result};
use crate::files::FileSet;
use crate::fingerprint;
use crate::progress::Progress;

/// Judges what a learner asks for, and nothing twice.
pub struct Workbench<'a> {
    pub course: &'a Course,
    pub progress: Progress,
    engine: Engine<'a>,
    course_key: u64,
}

impl<'a> Workbench<'a> {
    /// Reads the progress of the course; `colours` are for what the compiler says. What the reader should know about it is printed to standard error.
    ///
    /// # Errors
    ///
    /// When the progress or the course cannot be read.
    pub fn new(course: &'a Course, cancel: Cancel, colours: bool) -> Result<Self> {
        let (progress, notice) = Progress::load(&course.root)?;
        if let Some(notice) = notice {
            eprintln!("{notice}");
        }
        Ok(Self {
            course,
            progress,
            engine: Engine::new(course, target_folder(&course.root), cancel, colours),
            course_key: fingerprint::of_course(course)?,
        })
    }

    /// Judges exercises, one cargo call a stage at the most. `None` when it was cancelled.
    ///
    /// # Errors
    ///
    /// When the course is broken, cargo cannot build, or the progress cannot be written.
    pub fn judge(&mut self, items: &[Item<'a>]) -> Result<Option<Vec<Verdict>>> {
        let mut verdicts = Vec::new();
        for group in items.chunk_by(|one, other| one.stage.folder == other.stage.folder) {
            let Some(first) = group.first() else {
                continue;
            };
            match self.judge_stage(first.stage, group)? {
                Some(judged) => verdicts.extend(judged),
                None => return Ok(None),
            }
        }
        Ok(Some(verdicts))
    }

    fn judge_stage(
        &mut self,
        stage: &'a Stage,
        items: &[Item<'a>],
    ) -> Result<Option<Vec<Verdict>>> {
        let files = stage.files()?;
        let keys: Vec<String> = items.iter().map(|item| self.key(item, &files)).collect();
        let is_open = |index: &usize| !self.progress.has_passed(&items[*index].id(), &keys[*index]);
        let open: Vec<usize> = (0..items.len()).filter(is_open).collect();
        let mut judged = Vec::new();
        if !open.is_empty() {
            let wanted: Vec<_> = open.iter().map(|index| items[*index].exercise).collect();
            match self.engine.judge(stage, &wanted)? {
                Some(verdicts) => judged = verdicts,
                None => return Ok(None),
            }
        }
        let mut judged = judged.into_iter();
        let mut verdicts = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let verdict = match open.contains(&index).then(|| judged.next()).flatten() {
                Some(verdict) => verdict,
                None => remembered(item, &Originals::load(stage)?)?,
            };
            self.progress.note(&verdict, &keys[index])?;
            verdicts.push(verdict);
        }
        Ok(Some(verdicts))
    }

    /// Whether the exercise passed and nothing has changed since.
    ///
    /// # Errors
    ///
    /// When a file of the stage cannot be read.
    pub fn is_done(&self, item: &Item<'_>) -> Result<bool> {
        let files = item.stage.files()?;
        Ok(self
            .progress
            .has_passed(&item.id(), &self.key(item, &files)))
    }

    /// The fingerprint of everything that a verdict on `item` rests on.
    pub fn key(&self, item: &Item<'_>, files: &FileSet) -> String {
        fingerprint::of_exercise(self.course_key, item.stage, item.exercise, files)
    }

    /// The first exercise of the roadmap that is not done.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn current(&self) -> Result<Option<Item<'a>>> {
        for stage in &self.course.stages {
            let files = stage.files()?;
            for item in stage.items() {
                if !self
                    .progress
                    .has_passed(&item.id(), &self.key(&item, &files))
                {
                    return Ok(Some(item));
                }
            }
        }
        Ok(None)
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

    /// How many exercises are done, and how many there are.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn count(&self) -> Result<(usize, usize)> {
        let (mut done, mut all) = (0, 0);
        for stage in &self.course.stages {
            let files = stage.files()?;
            for item in stage.items() {
                all += 1;
                done += usize::from(
                    self.progress
                        .has_passed(&item.id(), &self.key(&item, &files)),
                );
            }
        }
        Ok((done, all))
    }
}

/// Whether the learner has changed the exercise's file.
///
/// # Errors
///
/// When the originals cannot be read.
pub fn is_touched(item: &Item<'_>) -> Result<bool> {
    let originals = Originals::load(item.stage)?;
    let current = crate::files::read(&item.source());
    Ok(current.is_ok_and(|text| Some(text.as_str()) != originals.starter(item.exercise).ok()))
}

/// The verdict on an exercise that has passed and not changed since.
fn remembered(item: &Item<'_>, originals: &Originals) -> Result<Verdict> {
    let path = item.exercise.tests_file();
    let tests =
        tests_of(originals.get(&path)?).map_err(|what| Error::new(format!("{path}: {what}")))?;
    let passed = |test: crate::course::Test| TestResult {
        name: test.name,
        sentence: test.sentence,
        status: TestStatus::Passed,
        message: String::new(),
        location: None,
        printed: String::new(),
    };
    Ok(Verdict {
        exercise: item.id(),
        status: Status::Passed,
        tests: tests.into_iter().map(passed).collect(),
        diagnostics: Vec::new(),
        notes: Vec::new(),
    })
}

/// Where cargo builds for the course: the folder that this runner was built in, which cargo marks with a tag file.
pub fn target_folder(root: &Path) -> PathBuf {
    let program = std::env::current_exe().ok();
    let marked = program
        .as_deref()
        .into_iter()
        .flat_map(Path::ancestors)
        .find(|folder| folder.join("CACHEDIR.TAG").exists());
    marked.map_or_else(|| root.join("target"), Path::to_owned)
}

//! What the files of the course say: the stages, their exercises, and the tests that each exercise must pass.

mod base;
mod conflict;
pub mod lesson;
mod load;
mod lock;
pub(crate) mod manifest;
mod material;
mod modules;
mod names;
mod originals;
mod reach;
pub(crate) mod rust_tokens;
mod signatures;
mod test_list;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::files::{self, FileSet};

pub use base::base_key;
pub use conflict::conflict_line;
pub use load::stage_id;
pub use lock::behind as locked_behind;
pub use manifest::{PROFILE, StageManifest, WorkspaceManifest};
pub use material::{LIBRARY, Material, TESTS, Uses, files_behind};
pub use names::{Selection, nearest};
pub use originals::Originals;
pub use signatures::{Changed, changed, relied_on};
pub use test_list::{Test, tests_of, with_tests};

/// The whole course, as read from its folder.
#[derive(Debug)]
pub struct Course {
    /// The folder that holds `exercises` and `solutions`.
    pub root: PathBuf,
    /// The stages that exist, in the order of the roadmap.
    pub stages: Vec<Stage>,
    /// The stages that are still to be written.
    pub planned: Vec<PlannedStage>,
    /// The topics that the course must cover, by area.
    pub topics: BTreeMap<String, Vec<String>>,
    /// For topics that are taught, as `area.topic`, the test that fails without them, as `stage/exercise::test`.
    pub proofs: BTreeMap<String, String>,
    /// Stages whose files are broken. The rest of the course stays usable.
    pub faults: Vec<Error>,
}

/// One stage: a workspace member with a lesson and exercises.
#[derive(Debug)]
pub struct Stage {
    /// The folder's name, such as `01-logic`.
    pub folder: String,
    /// The stable id and the package's name: the folder's name without its number.
    pub id: String,
    pub title: String,
    pub level: Level,
    pub summary: String,
    pub exercises: Vec<Exercise>,
    root: PathBuf,
}

/// One exercise: a module with a starter, tests and a solution.
#[derive(Debug)]
pub struct Exercise {
    /// The module's and the file's name.
    pub name: String,
    pub title: String,
    pub points: u16,
    /// The topics that it teaches, as `area.topic`.
    pub topics: Vec<String>,
    pub hints: Vec<String>,
    /// The starter is a working but faulty program, so some of its tests may pass.
    pub debugging: bool,
    /// How long one test may run, in seconds.
    pub test_seconds: u16,
    /// Names that it had in earlier versions of the course: `newtypes`, or `data/newtypes` where the stage was another.
    pub was: Vec<String>,
}

/// A stage that stands in the roadmap and has no files yet.
#[derive(Debug)]
pub struct PlannedStage {
    pub folder: String,
    pub title: String,
    pub level: Level,
    pub exercises: Vec<String>,
    pub topics: Vec<String>,
}

/// How far along the roadmap a stage lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Beginner,
    Intermediate,
    Advanced,
    Project,
}

impl Level {
    /// The name as it stands in `stage.toml`, and what a learner reads.
    const NAMES: [(Level, &str, &str); 4] = [
        (Level::Beginner, "beginner", "Beginner"),
        (Level::Intermediate, "intermediate", "Intermediate"),
        (Level::Advanced, "advanced", "Advanced"),
        (Level::Project, "project", "Projects"),
    ];

    fn parse(name: &str) -> Option<Self> {
        let mut names = Self::NAMES.iter();
        names
            .find(|(_, id, _)| *id == name)
            .map(|(level, ..)| *level)
    }

    /// What a learner reads.
    pub fn title(self) -> &'static str {
        let mut names = Self::NAMES.iter();
        names
            .find(|(level, ..)| *level == self)
            .map_or("", |(_, _, title)| title)
    }
}

impl Course {
    /// Reads the course below `root`. Broken stages are left out and noted in [`Course::faults`].
    ///
    /// # Errors
    ///
    /// When `exercises/roadmap.toml` cannot be read.
    pub fn load(root: &Path) -> Result<Self> {
        load::course(root)
    }

    /// Every exercise with its stage, in the order of the roadmap.
    pub fn exercises(&self) -> impl Iterator<Item = Item<'_>> {
        self.stages.iter().flat_map(Stage::items)
    }

    /// What the words on the command line name: stages, `stage/exercise`, an exercise whose name is unique, or the path
    /// of a file or a folder of one.
    ///
    /// # Errors
    ///
    /// When a name is unknown (with the nearest one) or means several exercises (with all of them).
    pub fn select(&self, names: &[String]) -> Result<Vec<Selection<'_>>> {
        names.iter().map(|name| names::select(self, name)).collect()
    }

    /// What came of an exercise that an earlier version called `name`; nothing when something is called so now.
    pub fn now_called(&self, name: &str) -> Vec<Item<'_>> {
        names::now_called(self, name)
    }

    /// The one exercise that `name` names.
    ///
    /// # Errors
    ///
    /// As [`Course::select`], and when the name is that of a stage.
    pub fn exercise(&self, name: &str) -> Result<Item<'_>> {
        names::exercise(self, name)
    }

    /// The stage in whose folder this program was started, or in a folder below it.
    pub fn stage_here(&self) -> Option<&Stage> {
        names::stage_here(self)
    }

    /// The stage that `name` names, by its id or its folder.
    ///
    /// # Errors
    ///
    /// When there is none (with the nearest one).
    pub fn stage(&self, name: &str) -> Result<&Stage> {
        names::stage(self, name)
    }
}

/// An exercise and the stage that holds it.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    pub stage: &'a Stage,
    pub exercise: &'a Exercise,
}

impl Item<'_> {
    /// The stable id, such as `logic/variables`.
    pub fn id(&self) -> String {
        format!("{}/{}", self.stage.id, self.exercise.name)
    }

    /// The ids that it had in earlier versions of the course.
    pub fn earlier_ids(&self) -> impl Iterator<Item = String> {
        let whole = |was: &String| {
            if was.contains('/') {
                was.clone()
            } else {
                format!("{}/{was}", self.stage.id)
            }
        };
        self.exercise.was.iter().map(whole)
    }

    /// Whether this copy of the course has a reference answer.
    pub fn has_solution(&self) -> bool {
        let folder = self.stage.solution_folder();
        folder.join(self.exercise.source()).exists()
    }

    /// The file that the learner edits.
    pub fn source(&self) -> PathBuf {
        self.stage.folder().join(self.exercise.source())
    }

    /// The file that holds its tests.
    pub fn tests_file(&self) -> PathBuf {
        self.stage.folder().join(self.exercise.tests_file())
    }
}

impl Stage {
    /// Where the exercises of this stage lie.
    pub fn folder(&self) -> PathBuf {
        self.root.join("exercises").join(&self.folder)
    }

    /// Where its reference solutions lie. A copy that was handed out may have none.
    pub fn solution_folder(&self) -> PathBuf {
        self.root.join("solutions").join(&self.folder)
    }

    /// The course that this stage belongs to: paths are shown as seen from there.
    pub fn course_folder(&self) -> &Path {
        &self.root
    }

    /// `path` as a learner reads it: relative to the course, with forward slashes.
    pub fn shown(&self, path: &Path) -> String {
        files::relative(&self.root, path)
    }

    /// The exercises, each with this stage.
    pub fn items(&self) -> impl Iterator<Item = Item<'_>> {
        self.exercises.iter().map(move |exercise| Item {
            stage: self,
            exercise,
        })
    }

    /// What a maintainer hands out: everything in the stage's folder that is text and belongs to the stage.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or is not text.
    pub fn tree(&self) -> Result<FileSet> {
        material::of_tree(self)
    }

    /// The exercise of this name.
    pub fn exercise(&self, name: &str) -> Option<&Exercise> {
        self.exercises.iter().find(|exercise| exercise.name == name)
    }

    /// What the reference solution puts in the place of the exercises' files.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or is not text.
    pub fn solution_files(&self) -> Result<FileSet> {
        const ABOUT_THE_SOLUTION: [&str; 4] = ["Cargo.toml", "wrong", "alternative", "target"];
        files::tree(&self.solution_folder(), |name| {
            !ABOUT_THE_SOLUTION.contains(&name) && !material::is_left_over(name)
        })
    }

    /// The exercise that owns a file of the stage (`src/NAME.rs` or `tests/stage/NAME.rs`, and modules below them).
    pub fn owner(&self, path: &str) -> Option<&Exercise> {
        self.exercises.iter().find(|exercise| exercise.owns(path))
    }
}

impl Exercise {
    /// The file that the learner edits, below the stage's folder.
    pub fn source(&self) -> String {
        format!("src/{}.rs", self.name)
    }

    /// The file with its tests, below the stage's folder.
    pub fn tests_file(&self) -> String {
        format!("tests/stage/{}.rs", self.name)
    }

    /// The module that a file holds directly below the exercise's tests: `hidden` of `tests/stage/NAME/hidden.rs`.
    pub fn tests_module<'a>(&self, path: &'a str) -> Option<&'a str> {
        let inside = path.strip_prefix(&format!("tests/stage/{}/", self.name))?;
        inside
            .strip_suffix(".rs")
            .filter(|module| !module.contains('/'))
    }

    /// Whether a file of the stage belongs to this exercise.
    pub fn owns(&self, path: &str) -> bool {
        let below = |folder: &str| path.starts_with(&format!("{folder}/{}/", self.name));
        path == self.source() || path == self.tests_file() || below("src") || below("tests/stage")
    }
}

//! What is judged of a stage: the sources that the learner has written, between the tests and manifests that were
//! handed out.
//!
//! A stage's folder may hold anything else: pictures, notes, copies, folders of editors. Only what was handed out and
//! the modules that the sources declare are the course's business; the rest is not read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::manifest::StageManifest;
use super::modules::Modules;
use super::{Exercise, Originals, Stage};
use crate::error::Result;
use crate::files::{self, FileSet};

/// The root of a stage's library, below the stage's folder.
pub const LIBRARY: &str = "src/lib.rs";

/// The root of a stage's tests, below the stage's folder.
pub const TESTS: &str = "tests/stage/main.rs";

/// The files of one stage under judgement.
#[derive(Debug, Clone)]
pub struct Material {
    /// Sources as they lie in the folder, everything else as it was handed out.
    pub files: FileSet,
    /// Sources that cannot be read, and why.
    pub unreadable: BTreeMap<String, String>,
    /// What was handed out, is no source, and is not as it was: it takes no part.
    pub edited: Vec<String>,
}

impl Material {
    /// Reads the material of a stage from its folder.
    pub fn read(stage: &Stage, originals: &Originals) -> Self {
        let folder = stage.folder();
        let mut material = Self {
            files: FileSet::new(),
            unreadable: BTreeMap::new(),
            edited: Vec::new(),
        };
        for (path, original) in originals.files() {
            if is_source(path) {
                material.read_source(&folder, path);
                continue;
            }
            let current = files::read(&folder.join(path));
            if !current.is_ok_and(|text| &text == original) {
                material.edited.push(path.clone());
            }
            material.files.insert(path.clone(), original.clone());
        }
        let declared = Modules::find(LIBRARY, |path| {
            let known = material.files.get(path).cloned();
            known.or_else(|| files::read(&folder.join(path)).ok())
        });
        let new: Vec<String> = declared
            .files()
            .filter(|path| is_source(path) && !material.files.contains_key(*path))
            .cloned()
            .collect();
        for path in new {
            material.read_source(&folder, &path);
        }
        material
    }

    fn read_source(&mut self, folder: &Path, path: &str) {
        let place = folder.join(path);
        match files::read(&place) {
            Ok(text) => {
                self.files.insert(path.to_owned(), text);
            }
            Err(_) if !place.exists() => {}
            Err(error) => {
                self.unreadable.insert(path.to_owned(), error.to_string());
            }
        }
    }
}

fn is_source(path: &str) -> bool {
    path.starts_with("src/")
}

/// Which files of a stage an exercise rests on.
#[derive(Debug)]
pub struct Uses {
    library: Modules,
    tests: Modules,
    name: String,
}

impl Uses {
    /// Reads the modules of a stage's files.
    pub fn of(stage: &Stage, files: &FileSet) -> Self {
        let manifest = files.get("Cargo.toml").map_or("", String::as_str);
        Self {
            library: Modules::among(LIBRARY, files),
            tests: Modules::among(TESTS, files),
            name: StageManifest::of(manifest, &stage.id).library,
        }
    }

    /// The sources and tests that the verdict on an exercise rests on, its own among them.
    pub fn files_behind(&self, exercise: &Exercise) -> BTreeSet<String> {
        let tests = self.tests.behind(&exercise.name);
        let mut files = self.library.behind(&exercise.name);
        for module in self.test_modules(&tests) {
            files.extend(
                self.library
                    .behind_paths(self.tests.named_in(&module, &self.name)),
            );
        }
        files.extend(tests);
        files.insert(exercise.source());
        files
    }

    /// The modules of the tests' root that the tests of these exercises need.
    pub fn tests_behind(&self, exercises: &[&Exercise]) -> BTreeSet<String> {
        let files = exercises
            .iter()
            .map(|exercise| self.tests.behind(&exercise.name));
        self.test_modules(&files.flatten().collect())
    }

    fn test_modules(&self, files: &BTreeSet<String>) -> BTreeSet<String> {
        let below = |path: &String| {
            let inside = path.strip_prefix("tests/stage/")?;
            let first = inside.split('/').next()?;
            Some(first.strip_suffix(".rs").unwrap_or(first).to_owned())
        };
        files.iter().filter_map(below).collect()
    }

    /// The exercises of a stage that one of them uses, itself first.
    pub fn exercises_behind<'a>(&self, stage: &'a Stage, exercise: &'a Exercise) -> Vec<&'a str> {
        let files = self.files_behind(exercise);
        let mut names = vec![exercise.name.as_str()];
        for path in &files {
            if let Some(owner) = stage.owner(path)
                && !names.contains(&owner.name.as_str())
            {
                names.push(&owner.name);
            }
        }
        names
    }
}

/// The texts that the verdict on an exercise rests on: the files behind it, and what its tests may read.
pub fn files_behind<'f>(
    uses: &Uses,
    exercise: &Exercise,
    files: &'f FileSet,
) -> impl Iterator<Item = (&'f String, &'f String)> + use<'f> {
    let behind = uses.files_behind(exercise);
    let counts = move |path: &str| {
        let is_root = [LIBRARY, TESTS].contains(&path);
        !path.ends_with(".rs") || is_root || behind.contains(path)
    };
    files.iter().filter(move |(path, _)| counts(path))
}

/// The stage's files as a maintainer has them: everything in the folder that is text and belongs to the stage.
///
/// # Errors
///
/// When a file cannot be read or is no text.
pub fn of_tree(stage: &Stage) -> Result<FileSet> {
    const ABOUT_THE_STAGE: [&str; 5] = [
        "README.md",
        "stage.toml",
        "originals.json",
        "diagnoses.json",
        "target",
    ];
    files::tree(&stage.folder(), |name| {
        !ABOUT_THE_STAGE.contains(&name) && !is_left_over(name)
    })
}

/// Files that a run or the runner leaves in a stage's folder and that are no part of it: databases, snapshots that
/// wait for review, and the copies that `reset` keeps.
pub fn is_left_over(name: &str) -> bool {
    let file = name.rsplit('/').next().unwrap_or(name);
    let endings = [
        ".db",
        ".db-shm",
        ".db-wal",
        ".pending-snap",
        ".orig",
        ".rej",
        "~",
    ];
    file.contains(".rs.kept-") || endings.iter().any(|ending| file.ends_with(ending))
}

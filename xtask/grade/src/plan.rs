//! What one stage is graded by: its original files, the hidden tests, and the key of all of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use xtask_core::course::{Course, Exercise, Item, Originals, Stage, StageManifest, tests_of};
use xtask_core::error::{Error, Result};
use xtask_core::files::{self, FileSet};

use crate::instrument::{Names, instrument_stage};
use crate::looks::Known;
use crate::results::{Graded, Points};
use crate::store::Key;

/// The module below an exercise's tests that holds an instructor's own.
const HIDDEN: &str = "hidden";

/// The file of that module, below the stage's folder.
fn hidden_file(exercise: &Exercise) -> String {
    format!("tests/stage/{}/{HIDDEN}.rs", exercise.name)
}

/// Whether a line of the compiler points into a hidden test.
pub fn points_to_hidden(line: &str) -> bool {
    line.contains("tests/stage/") && line.contains(&format!("/{HIDDEN}.rs:"))
}

/// One stage, ready to judge submissions.
#[derive(Debug)]
pub struct Plan<'a> {
    pub stage: &'a Stage,
    /// The exercises that are graded.
    pub wanted: Vec<&'a Exercise>,
    /// The stage as it was handed out, with the hidden tests: it says which tests must run.
    pub originals: Originals,
    /// The same with tests that prove their end: it is what is compiled.
    pub pristine: FileSet,
    /// The course's own answers, where this checkout has them.
    pub solution: FileSet,
    /// What the course has for each file, for what is worth a look in a submission's.
    known: BTreeMap<String, Known>,
    /// What every verdict of this stage rests on.
    pub key: Key,
}

impl<'a> Plan<'a> {
    /// Makes the plan of a stage. `hidden` is the instructor's folder of hidden tests; `base` the key of the course and
    /// the toolchain; `names` what the tests are called in this run.
    ///
    /// # Errors
    ///
    /// When the originals are missing, or a hidden test cannot be used.
    pub fn new(
        stage: &'a Stage,
        wanted: Vec<&'a Exercise>,
        hidden: Option<&Path>,
        base: &Key,
        names: &Names,
    ) -> Result<Self> {
        let mut files = Originals::load(stage)?.files().clone();
        if let Some(folder) = hidden {
            add_hidden(stage, folder, &mut files)?;
        }
        let instrumented = |names: &Names| {
            let mut pristine = files.clone();
            instrument_stage(&mut pristine, &stage.id, names)
                .map_err(|what| Error::new(format!("{}/{what}", stage.folder)))?;
            Ok::<FileSet, Error>(pristine)
        };
        let pristine = instrumented(names)?;
        // A verdict does not rest on what the tests were called.
        let nameless = instrumented(&Names::new(String::new()))?;
        let seconds = stage.exercises.iter().map(|exercise| exercise.test_seconds);
        let limits = format!("{:?}", seconds.collect::<Vec<_>>());
        let key = Key::of(&[base.text(), Key::of_files(&nameless).text(), &limits]);
        let solution = stage.solution_files()?;
        Ok(Self {
            stage,
            wanted,
            known: known(&files, &solution),
            originals: Originals::new(files),
            pristine,
            solution,
            key,
        })
    }

    /// The name of the library that is made of submissions.
    pub fn library(&self) -> String {
        let manifest = self.pristine.get("Cargo.toml").map_or("", String::as_str);
        StageManifest::of(manifest, &self.stage.id).library
    }

    /// Whether an instructor's hidden tests are part of it.
    pub fn has_hidden(&self) -> bool {
        let files = self.originals.files();
        let mut exercises = self.stage.exercises.iter();
        exercises.any(|exercise| files.contains_key(&hidden_file(exercise)))
    }

    /// The starter's own file of an exercise.
    pub fn starter(&self, exercise: &Exercise) -> &str {
        self.originals.starter(exercise).unwrap_or_default()
    }

    /// What a person should look at in files of a submission.
    pub fn notices(&self, files: &FileSet) -> Vec<String> {
        let nothing = Known::default();
        let own = |(path, text): (&String, &String)| {
            let known = self.known.get(path).unwrap_or(&nothing);
            known.looks(path, text)
        };
        files.iter().flat_map(own).collect()
    }

    /// What a report says of the graded exercises.
    pub fn graded(&self) -> impl Iterator<Item = Graded> {
        self.wanted.iter().map(|exercise| Graded {
            exercise: self.id(exercise),
            title: exercise.title.clone(),
            points: Points::whole(exercise.points),
        })
    }

    /// The stable id of an exercise of this stage.
    pub fn id(&self, exercise: &Exercise) -> String {
        let stage = self.stage;
        Item { stage, exercise }.id()
    }

    /// The stage with other sources for some exercises.
    pub fn with_sources(&self, sources: &BTreeMap<&str, &FileSet>) -> FileSet {
        let mut files = self.pristine.clone();
        for own in sources.values() {
            files.extend(own.iter().map(|(path, text)| (path.clone(), text.clone())));
        }
        files
    }

    /// The stage's files that tests may read while they run: what is neither code nor a manifest.
    pub fn fixtures(&self) -> impl Iterator<Item = &str> {
        let names = self.pristine.keys().map(String::as_str);
        names.filter(|path| !path.ends_with(".rs") && *path != "Cargo.toml")
    }
}

/// What the course has for each source that it hands out.
fn known(files: &FileSet, solution: &FileSet) -> BTreeMap<String, Known> {
    let sources = files.iter().filter(|(path, _)| path.starts_with("src/"));
    let of = |(path, starter): (&String, &String)| {
        let texts = [Some(starter), solution.get(path)];
        let texts: Vec<&str> = texts.into_iter().flatten().map(String::as_str).collect();
        (path.clone(), Known::of(&texts))
    };
    sources.map(of).collect()
}

/// The hidden tests of a stage: `01-logic/variables.rs`, `logic/variables.rs`, or the place that the course's own tests
/// have, `exercises/01-logic/tests/stage/variables.rs`.
fn add_hidden(stage: &Stage, folder: &Path, files: &mut FileSet) -> Result<()> {
    let places = [
        folder.join(&stage.folder),
        folder.join(&stage.id),
        folder
            .join("exercises")
            .join(&stage.folder)
            .join("tests")
            .join("stage"),
    ];
    for exercise in &stage.exercises {
        let name = format!("{}.rs", exercise.name);
        let Some(path) = places
            .iter()
            .map(|place| place.join(&name))
            .find(|path| path.exists())
        else {
            continue;
        };
        let text = files::read(&path)?;
        let tests = tests_of(&text).map_err(|what| Error::file(&path, what))?;
        if tests.is_empty() {
            return Err(Error::file(&path, "the file has no test")
                .help("a hidden test is a function with `#[test]` at the top of the file"));
        }
        let visible = exercise.tests_file();
        let Some(tests) = files.get_mut(&visible) else {
            return Err(Error::file(
                &path,
                format!("`originals.json` has no {visible}"),
            ));
        };
        // Behind everything else, so that no line moves.
        tests.push_str(&format!("\nmod {HIDDEN};\n"));
        files.insert(hidden_file(exercise), text);
    }
    Ok(())
}

/// Refuses a folder of hidden tests in which a file belongs to no exercise: a mistyped name would go unnoticed.
///
/// # Errors
///
/// When there is such a file, or none at all.
pub fn check_hidden(course: &Course, folder: &Path) -> Result<()> {
    let mut known: BTreeSet<String> = BTreeSet::new();
    for item in course.exercises() {
        let name = format!("{}.rs", item.exercise.name);
        known.insert(format!("{}/{name}", item.stage.folder));
        known.insert(format!("{}/{name}", item.stage.id));
        known.insert(format!(
            "exercises/{}/tests/stage/{name}",
            item.stage.folder
        ));
    }
    if !folder.is_dir() {
        return Err(Error::file(
            folder,
            "the folder of hidden tests is not there",
        ));
    }
    let found = files::tree(folder, |name| name != "target")?;
    let tests: Vec<&String> = found.keys().filter(|name| name.ends_with(".rs")).collect();
    if let Some(stray) = tests.iter().find(|name| !known.contains(name.as_str())) {
        return Err(Error::file(
            &folder.join(stray),
            "this hidden test belongs to no exercise",
        )
        .help("name it after the exercise, in the folder of its stage: 01-logic/variables.rs"));
    }
    if tests.is_empty() {
        return Err(Error::file(folder, "the folder holds no hidden test").help(
            "name one after its exercise, in the folder of its stage: 01-logic/variables.rs",
        ));
    }
    Ok(())
}

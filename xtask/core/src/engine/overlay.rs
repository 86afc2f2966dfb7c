//! A copy of the course in which answers are judged.
//!
//! The overlay is a workspace of its own below the target folder. It shares every compiled dependency with plain
//! cargo, because cargo knows a registry package by its name; its own packages lie one folder deeper
//! (`judged/exercises/…`), so cargo never takes one for the learner's. Only the runner writes here, and a file is
//! written only when its text differs: what lies here is what was built last.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::event::{Event, Observer};
use crate::course::manifest::{StageManifest, WorkspaceManifest, renamed};
use crate::course::rust_tokens::tokens_of;
use crate::course::{Course, Stage, TESTS, with_tests};
use crate::error::{Error, Result};
use crate::files::{self, FileSet};
use crate::process::Cancel;

/// The folder below the overlay that holds its packages.
pub const JUDGED: &str = "judged";

/// The folder below that one for stages, and the one for second copies of them.
const PLACES: [&str; 2] = ["exercises", "beside"];

/// A place of the overlay for the files of a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The one that every judgement uses.
    Usual,
    /// A second one, so that two answers are built in one call.
    Beside,
}

impl Place {
    /// The name of the stage's package in this place.
    pub fn package(self, stage: &Stage) -> String {
        match self {
            Place::Usual => stage.id.clone(),
            Place::Beside => format!("{}-beside", stage.id),
        }
    }

    /// The package's folder below the overlay.
    fn member(self, stage: &Stage) -> String {
        let [usual, beside] = PLACES;
        let folder = match self {
            Place::Usual => usual,
            Place::Beside => beside,
        };
        format!("{JUDGED}/{folder}/{}", stage.folder)
    }
}

/// The text with the course's paths in the place of the overlay's.
pub fn plain(text: &str) -> String {
    PLACES.iter().fold(text.to_owned(), |text, place| {
        text.replace(&format!("{JUDGED}/{place}/"), "exercises/")
            .replace(&format!("{JUDGED}\\{place}\\"), "exercises\\")
    })
}

/// How long to wait before asking again whether another runner is done.
const RETRY: Duration = Duration::from_millis(30);

/// The overlay of a target folder, locked against other runners as long as this value lives: while something is
/// built or run, and no longer.
#[derive(Debug)]
pub struct Overlay {
    root: PathBuf,
    course: PathBuf,
    _lock: File,
}

impl Overlay {
    /// Opens the overlay below `target_folder`, and waits while another runner uses it.
    ///
    /// # Errors
    ///
    /// When its folder cannot be written, or the wait was called off.
    pub fn open(
        course: &Course,
        target_folder: &Path,
        cancel: &Cancel,
        observer: &dyn Observer,
    ) -> Result<Self> {
        let root = root_below(target_folder);
        let fail = |cause| Error::file(&root, cause);
        fs::create_dir_all(&root).map_err(fail)?;
        let lock = File::create(root.join(".lock")).map_err(fail)?;
        let mut waited = false;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if cancel.is_cancelled() => {
                    return Err(Error::cancelled());
                }
                Err(TryLockError::WouldBlock) => {
                    if !waited {
                        observer.notice(Event::WaitingForRunner);
                    }
                    waited = true;
                    thread::sleep(RETRY);
                }
                Err(TryLockError::Error(cause)) => return Err(fail(cause)),
            }
        }
        if waited {
            observer.notice(Event::Settled);
        }
        Ok(Self {
            root,
            course: course.root.clone(),
            _lock: lock,
        })
    }

    /// The root of the overlay's workspace.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the stage lies in the overlay.
    pub fn folder(&self, stage: &Stage, place: Place) -> PathBuf {
        self.root.join(place.member(stage))
    }

    /// Where a stage lies in the overlay of a target folder.
    pub fn folder_below(target_folder: &Path, stage: &Stage) -> PathBuf {
        root_below(target_folder).join(Place::Usual.member(stage))
    }

    /// Makes the overlay hold the stage as each of `jobs` has it, without what a verdict does not need: the stage's program,
    /// and tests that are not `needed`.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or written.
    pub fn install(&self, stage: &Stage, jobs: &[Job<'_>]) -> Result<Vec<Contents>> {
        let members: Vec<String> = jobs.iter().map(|job| job.place.member(stage)).collect();
        let shared = self.install_workspace(&members)?;
        let install = |job: &Job<'_>| {
            Ok(Contents {
                shared: shared.clone(),
                stage: self.install_one(stage, *job)?,
            })
        };
        jobs.iter().map(install).collect()
    }

    fn install_one(&self, stage: &Stage, job: Job<'_>) -> Result<FileSet> {
        let Job {
            place,
            files,
            needed,
        } = job;
        let manifest = files.get("Cargo.toml").map_or("", String::as_str);
        let names_programs = StageManifest::of(manifest, &stage.id).names_programs;
        let is_program = |path: &str| path == "src/main.rs" || path.starts_with("src/bin/");
        let mut installed = FileSet::new();
        for (path, text) in files {
            if is_program(path) && !names_programs {
                continue;
            }
            let text = match (path.as_str(), needed.only.get(path)) {
                ("Cargo.toml", _) if place == Place::Beside => {
                    let renamed = renamed(text, &stage.id, &place.package(stage));
                    renamed.unwrap_or_else(|| text.clone())
                }
                (TESTS, _) => without_modules(text, |module| {
                    stage.exercise(module).is_some() && !needed.modules.contains(module)
                }),
                (_, Some(named)) => with_tests(text, |name| named.contains(name)),
                (_, None) => text.clone(),
            };
            installed.insert(path.clone(), text);
        }
        replace(&self.folder(stage, place), &installed)?;
        Ok(installed)
    }

    /// Makes the overlay hold `files` as a library beside the stage, newly written, for the examples of its lesson.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or written.
    pub fn install_lesson(&self, stage: &Stage, files: &FileSet) -> Result<()> {
        let member = format!("{JUDGED}/lessons/{}", stage.folder);
        self.install_workspace(std::slice::from_ref(&member))?;
        let folder = self.root.join(member);
        replace(&folder, files)?;
        for (path, text) in files {
            write(&folder.join(path), text)?;
        }
        Ok(())
    }

    /// The manifest, the lock file and the libraries that stages share, which it answers.
    fn install_workspace(&self, members: &[String]) -> Result<FileSet> {
        let manifest = WorkspaceManifest::load(&self.course)?;
        write_changed(
            &self.root.join("Cargo.toml"),
            &manifest.with_members_only(members, JUDGED)?,
        )?;
        let lock = self.course.join("Cargo.lock");
        if lock.exists() {
            // Cargo takes out of the copy what this workspace does not use. It is copied again only when the course's
            // own has changed, so that cargo does not have to do so for every build.
            let text = files::read(&lock)?;
            let copied = self.root.join("Cargo.lock.copied");
            let copy = self.root.join("Cargo.lock");
            if !copy.exists() || !files::read(&copied).is_ok_and(|old| old == text) {
                write(&copy, &text)?;
                write(&copied, &text)?;
            }
        }
        let mut shared = FileSet::new();
        for path in manifest.shared() {
            let folder = self.course.join(&path);
            let found = files::texts(&folder, |name| name != "target")?;
            replace(&self.root.join(JUDGED).join(&path), &found)?;
            let below = |(name, text)| (format!("{path}/{name}"), text);
            shared.extend(found.into_iter().map(below));
        }
        Ok(shared)
    }
}

fn root_below(target_folder: &Path) -> PathBuf {
    target_folder.join("xtask").join("overlay")
}

/// What the overlay is to hold of a stage in one place.
#[derive(Debug, Clone, Copy)]
pub struct Job<'j> {
    pub place: Place,
    /// The whole stage.
    pub files: &'j FileSet,
    pub needed: &'j Needed,
}

/// The tests that a verdict needs.
#[derive(Debug, Default)]
pub struct Needed {
    /// The modules of the tests' root.
    pub modules: BTreeSet<String>,
    /// For a test file of which not every test is run, the names of those that are.
    pub only: BTreeMap<String, BTreeSet<String>>,
}

/// What the overlay holds.
#[derive(Debug)]
pub struct Contents {
    /// The libraries that stages share, by their path from the course's folder.
    pub shared: FileSet,
    /// The stage's own files, by their path below its folder.
    pub stage: FileSet,
}

impl Contents {
    /// The files that the stage's library is built from.
    pub fn library(&self) -> impl Iterator<Item = (&String, &String)> {
        self.stage
            .iter()
            .filter(|(path, _)| !path.starts_with("tests/"))
    }
}

/// The text with `mod name {}` for each `mod name;` that `leaves_out` names. No line moves.
fn without_modules(text: &str, leaves_out: impl Fn(&str) -> bool) -> String {
    let tokens = tokens_of(text);
    let mut out = text.to_owned();
    for window in tokens.windows(3).rev() {
        let [word, name, end] = window else { continue };
        let is_declaration = word.word() == Some("mod") && end.is(';');
        if is_declaration && name.word().is_some_and(&leaves_out) {
            out.replace_range(end.bytes(), " {}");
        }
    }
    out
}

/// Makes `folder` hold exactly `files`. What has its text already is not written, so that it is not compiled again.
fn replace(folder: &Path, files: &FileSet) -> Result<()> {
    for path in files::paths(folder)? {
        if !files.contains_key(&path) {
            let left = folder.join(path);
            fs::remove_file(&left).map_err(|cause| Error::file(&left, cause))?;
        }
    }
    files
        .iter()
        .try_for_each(|(path, text)| write_changed(&folder.join(path), text))
}

fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .map_err(|cause| Error::file(path, cause))
}

fn write_changed(path: &Path, text: &str) -> Result<()> {
    if fs::read(path).is_ok_and(|old| old == text.as_bytes()) {
        return Ok(());
    }
    write(path, text)
}

#[cfg(test)]
mod tests {
    use super::without_modules;

    #[test]
    fn modules_are_left_out_without_moving_a_line() {
        let text = "//! Tests.\n\n/// One.\nmod one;\n// mod two;\nmod two;\nmod helpers;\n";
        let left = without_modules(text, |name| name == "two");
        let expected = "//! Tests.\n\n/// One.\nmod one;\n// mod two;\nmod two {}\nmod helpers;\n";
        assert_eq!(left, expected);
    }
}

//! A copy of the course in which other files than the learner's are judged.
//!
//! The overlay is a workspace of its own below the target folder. It shares every compiled dependency with the
//! learner's tree, because cargo knows a registry package by its name; its own packages lie one folder deeper than
//! theirs (`judged/exercises/…`), so cargo never takes one for the other.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::course::{Course, Stage};
use crate::error::{Error, Result};
use crate::files::{self, FileSet};

/// The folder below the overlay that holds its packages.
pub const JUDGED: &str = "judged";

/// The overlay of a target folder, locked against other runners as long as this value lives.
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
    /// When its folder cannot be written.
    pub fn open(course: &Course, target_folder: &Path) -> Result<Self> {
        let root = target_folder.join("xtask").join("overlay");
        let fail = |cause| Error::file(&root, cause);
        fs::create_dir_all(&root).map_err(fail)?;
        let lock = File::create(root.join(".lock")).map_err(fail)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                eprintln!(
                    "another run builds in {}; waiting for its end",
                    root.display()
                );
                lock.lock().map_err(fail)?;
            }
            Err(TryLockError::Error(cause)) => return Err(fail(cause)),
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
    pub fn folder(&self, stage: &Stage) -> PathBuf {
        self.root.join(JUDGED).join("exercises").join(&stage.folder)
    }

    /// Makes the overlay hold exactly `files` as the stage, all of them newer than any build before.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or written.
    pub fn install(&self, stage: &Stage, files: &FileSet) -> Result<()> {
        self.install_workspace(&format!("{JUDGED}/exercises/{}", stage.folder))?;
        replace(&self.folder(stage), files)
    }

    /// Makes the overlay hold `files` as a library beside the stage, for the examples of its lesson.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or written.
    pub fn install_lesson(&self, stage: &Stage, files: &FileSet) -> Result<()> {
        let member = format!("{JUDGED}/lessons/{}", stage.folder);
        self.install_workspace(&member)?;
        replace(&self.root.join(member), files)
    }

    /// Moves the times of the stage's files `ahead` of now. Cargo compares times, and where the clock is too coarse
    /// to tell a new file from the last build, it takes the new file for built.
    ///
    /// # Errors
    ///
    /// When a time cannot be set.
    pub fn stamp(&self, stage: &Stage, files: &FileSet, ahead: Duration) -> Result<()> {
        let folder = self.folder(stage);
        for path in files.keys() {
            let path = folder.join(path);
            File::options()
                .write(true)
                .open(&path)
                .and_then(|file| file.set_modified(SystemTime::now() + ahead))
                .map_err(|cause| Error::file(&path, cause))?;
        }
        Ok(())
    }

    /// The manifest, the lock file and the support library. What did not change is not written, so that it is not
    /// compiled again.
    fn install_workspace(&self, member: &str) -> Result<()> {
        let manifest = files::read(&self.course.join("Cargo.toml"))?;
        write_changed(
            &self.root.join("Cargo.toml"),
            &workspace_manifest(&manifest, member)?,
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
        let support = self.course.join("exercises").join("support");
        for (path, text) in files::tree(&support, |name| name != "target")? {
            let copy = self.root.join(JUDGED).join("exercises").join("support");
            write_changed(&copy.join(path), &text)?;
        }
        Ok(())
    }
}

/// The course's workspace manifest with one member.
fn workspace_manifest(manifest: &str, member: &str) -> Result<String> {
    let members = format!("members = [\"{member}\"]");
    let mut found = false;
    let lines = manifest.lines().filter_map(|line| {
        if line.starts_with("members = [") {
            found = true;
            Some(members.clone())
        } else if line.starts_with("default-members = ") {
            None
        } else {
            Some(line.replace(
                "\"exercises/support\"",
                &format!("\"{JUDGED}/exercises/support\""),
            ))
        }
    });
    let text = lines.collect::<Vec<String>>().join("\n") + "\n";
    if found {
        Ok(text)
    } else {
        Err(
            Error::new("the workspace's Cargo.toml has no line that begins with `members = [`")
                .help(
                    "the runner rewrites that line when it judges files outside the working tree",
                ),
        )
    }
}

/// Makes `folder` hold exactly `files`, all of them newly written.
fn replace(folder: &Path, files: &FileSet) -> Result<()> {
    for path in files::tree(folder, |_| true)?.keys() {
        if !files.contains_key(path) {
            let left = folder.join(path);
            fs::remove_file(&left).map_err(|cause| Error::file(&left, cause))?;
        }
    }
    for (path, text) in files {
        write(&folder.join(path), text)?;
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)
        .and_then(|()| fs::write(path, text))
        .map_err(|cause| Error::file(path, cause))
}

fn write_changed(path: &Path, text: &str) -> Result<()> {
    if files::read(path).is_ok_and(|old| old == text) {
        return Ok(());
    }
    write(path, text)
}

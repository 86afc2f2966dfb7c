//! Takes the files of a submission: those that belong to a known exercise, and nothing else.
//!
//! A submission is looked up, not walked: however many other files lie in it, they cost nothing and are never opened.

mod layout;
mod scan;

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use xtask_core::course::{Course, Exercise, Stage};
use xtask_core::files::FileSet;

pub use scan::{Fault, plain, scan};

use crate::text::{line, turns_direction};
use layout::Layout;

/// The most bytes that one source file may have.
pub const FILE_BYTES: u64 = 256 * 1024;

/// The most files that one exercise may consist of.
const FILES: usize = 64;

/// How deep folders below `src/NAME/` may lie.
const DEPTH: usize = 4;

/// What was found of one exercise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// The submission has no file for it.
    Missing,
    /// Its files by their path below the stage's folder, with `src/NAME.rs` among them.
    Files(FileSet),
    /// The files must not be compiled; the text says why.
    Refused(String),
}

/// Where a submission keeps its exercises, once it was opened.
#[derive(Debug)]
pub struct Submission {
    layout: Layout,
}

impl Submission {
    /// Looks how a submission is laid out. `stages` are those that are graded.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read, or holds nothing that belongs to an exercise; the text says what was expected.
    pub fn open(folder: &Path, course: &Course, stages: &[&Stage]) -> Result<Self, String> {
        let layout = Layout::find(folder, course, stages)?;
        Ok(Self { layout })
    }

    /// Takes the files of one exercise.
    pub fn take(&self, stage: &Stage, exercise: &Exercise) -> Taken {
        let Some(sources) = self.layout.sources(stage) else {
            return Taken::Missing;
        };
        match self.read(&sources, exercise) {
            Ok(files) if files.is_empty() => Taken::Missing,
            Ok(files) => Taken::Files(files),
            Err(why) => Taken::Refused(why),
        }
    }

    fn read(&self, sources: &Sources, exercise: &Exercise) -> Result<FileSet, String> {
        let mut files = FileSet::new();
        sources.check_folders()?;
        let name = format!("{}.rs", exercise.name);
        let main = sources.folder.join(&name);
        if let Some(text) = read_source(&main, &format!("src/{name}"))? {
            files.insert(exercise.source(), text);
        }
        if !sources.loose {
            let folder = sources.folder.join(&exercise.name);
            let inside = format!("src/{}", exercise.name);
            read_folder(&folder, &inside, DEPTH, &mut files)?;
        }
        // `src/NAME/mod.rs` is the older way to write `src/NAME.rs`; both find their submodules in `src/NAME/`.
        let older = format!("src/{}/mod.rs", exercise.name);
        if let Some(text) = files.remove(&older)
            && files.insert(exercise.source(), text).is_some()
        {
            return Err(format!("there is both a src/{name} and a {older}"));
        }
        if files.contains_key(&exercise.source()) || files.is_empty() {
            Ok(files)
        } else {
            Err(format!(
                "src/{name} is missing, though src/{}/ is there",
                exercise.name
            ))
        }
    }
}

/// The folder that holds the sources of a stage in a submission.
#[derive(Debug)]
pub struct Sources {
    /// The submission's own folder, which the instructor named.
    pub root: PathBuf,
    pub folder: PathBuf,
    /// The files lie there without the rest of the stage.
    pub loose: bool,
}

impl Sources {
    /// No folder on the way may be a link: it could lead to the solutions.
    fn check_folders(&self) -> Result<(), String> {
        let Ok(inside) = self.folder.strip_prefix(&self.root) else {
            return Ok(());
        };
        let mut path = self.root.clone();
        for part in inside.components() {
            path.push(part);
            if path.is_symlink() {
                let shown = xtask_core::files::relative(&self.root, &path);
                return Err(format!("the folder {shown} is a link; links are not taken"));
            }
        }
        Ok(())
    }
}

fn read_folder(
    folder: &Path,
    inside: &str,
    depth: usize,
    files: &mut FileSet,
) -> Result<(), String> {
    let Ok(kind) = fs::symlink_metadata(folder) else {
        return Ok(());
    };
    if kind.is_symlink() {
        return Err(format!("{inside} is a link; links are not taken"));
    }
    if !kind.is_dir() {
        return Ok(());
    }
    if depth == 0 {
        return Err(format!("{inside} lies too deep"));
    }
    let entries = fs::read_dir(folder).map_err(|cause| format!("{inside}: {cause}"))?;
    let mut names = Vec::new();
    for entry in entries.take(FILES + 1) {
        let name = entry
            .map_err(|cause| format!("{inside}: {cause}"))?
            .file_name();
        names.push(
            name.into_string()
                .map_err(|_| format!("a name in {inside} is not UTF-8"))?,
        );
    }
    if names.len() > FILES {
        return Err(format!("{inside} holds more than {FILES} files"));
    }
    names.sort();
    // What a name hides from a reader, it may hide from a check.
    if let Some(name) = names.iter().find(|name| line(name) != **name) {
        return Err(format!(
            "the name {inside}/{} holds a character that is not shown, or that turns the direction of the text",
            line(name)
        ));
    }
    for name in names {
        let (path, inside) = (folder.join(&name), format!("{inside}/{name}"));
        if let Some(module) = name.strip_suffix(".rs") {
            // No `mod` finds a file of another name, so it is no part of the work.
            if !is_word(module) {
                continue;
            }
            if let Some(text) = read_source(&path, &inside)? {
                files.insert(inside, text);
            }
            if files.len() > FILES {
                return Err(format!("the exercise has more than {FILES} files"));
            }
        } else if is_word(&name) && path.is_dir() {
            read_folder(&path, &inside, depth - 1, files)?;
        }
    }
    Ok(())
}

/// Whether a name can be that of a module.
fn is_word(name: &str) -> bool {
    !name.is_empty()
        && name
            .chars()
            .all(|letter| letter.is_alphanumeric() || letter == '_')
}

/// The text of a source file; `None` when there is no such file.
fn read_source(path: &Path, shown: &str) -> Result<Option<String>, String> {
    let kind = match fs::symlink_metadata(path) {
        Ok(kind) => kind,
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(format!("{shown}: {cause}")),
    };
    if kind.is_symlink() {
        return Err(format!("{shown} is a link; links are not taken"));
    }
    let fail = |cause: std::io::Error| format!("{shown}: {cause}");
    // Only what is still a regular file once it is open is read, so that a pipe cannot keep the grader waiting.
    let file = open(path).map_err(fail)?;
    if !file.metadata().map_err(fail)?.is_file() {
        return Err(format!("{shown} is not a regular file"));
    }
    let mut bytes = Vec::new();
    file.take(FILE_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(fail)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > FILE_BYTES) {
        return Err(format!("{shown} is larger than {} KiB", FILE_BYTES / 1024));
    }
    let text = String::from_utf8(bytes).map_err(|_| format!("{shown} is not UTF-8 text"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    check_characters(text, shown)?;
    Ok(Some(text.replace("\r\n", "\n")))
}

#[cfg(unix)]
fn open(path: &Path) -> std::io::Result<File> {
    use rustix::fs::{Mode, OFlags};

    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

#[cfg(not(unix))]
fn open(path: &Path) -> std::io::Result<File> {
    File::open(path)
}

/// Refuses what makes a text read differently from what is compiled.
fn check_characters(text: &str, shown: &str) -> Result<(), String> {
    for (index, said) in text.lines().enumerate() {
        for character in said.chars() {
            let what = match character {
                '\0' => "a NUL character",
                other if turns_direction(other) => {
                    "a character that turns the direction of the text"
                }
                _ => continue,
            };
            return Err(format!("{shown}:{} holds {what}", index + 1));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;

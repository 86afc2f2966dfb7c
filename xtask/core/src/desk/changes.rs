//! What changes or compares the learner's files: hints, reset, the reference answer.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::course::rust_tokens::tokens_of;
use crate::course::{Course, Exercise, Item, Material, Originals, Selection, Stage};
use crate::error::{Error, Result};
use crate::files;

/// Hints that are shown now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hints {
    /// Each with its number, from 1.
    pub now: Vec<(usize, String)>,
    pub total: usize,
    /// How many were shown by now.
    pub shown: usize,
    /// Every hint had been seen before.
    pub again: bool,
}

impl Hints {
    /// The hint behind those that were `seen`, or all of them. When all were seen, all come again: the reader wants to
    /// go through them once more.
    pub fn next(exercise: &Exercise, seen: usize, all: bool) -> Self {
        let total = exercise.hints.len();
        let seen = seen.min(total);
        let again = seen == total;
        let shown = if all { total } else { (seen + 1).min(total) };
        let first = if all || again { 0 } else { seen };
        let numbered = exercise.hints.iter().cloned().enumerate();
        Self {
            now: numbered
                .map(|(index, text)| (index + 1, text))
                .take(shown)
                .skip(first)
                .collect(),
            total,
            shown: shown.max(seen),
            again,
        }
    }
}

/// What became of a file that was to be as it was handed out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Restored {
    /// It was so already.
    Same { file: String },
    /// It is so again; the learner's is kept under another name.
    Kept { file: String, kept: String },
    /// It was missing, and is back.
    Back { file: String },
    /// It was never handed out, and stays.
    Foreign { file: String },
}

/// Brings the starter of an exercise back.
///
/// # Errors
///
/// When the name is wrong, or a file cannot be kept or written: then nothing is overwritten.
pub fn reset(course: &Course, name: &str) -> Result<Vec<Restored>> {
    let item = course.exercise(name)?;
    let originals = Originals::load(item.stage)?;
    Ok(vec![restore(
        item.stage,
        &originals,
        &item.exercise.source(),
    )?])
}

/// Brings back the tests of an exercise, or with a stage everything of it that was handed out and is no source.
///
/// # Errors
///
/// As [`reset`].
pub fn reset_tests(course: &Course, name: &str) -> Result<Vec<Restored>> {
    let mut restored = Vec::new();
    for selection in course.select(&[name.to_owned()])? {
        let (stage, paths) = match selection {
            Selection::Exercise(item) => (item.stage, vec![item.exercise.tests_file()]),
            Selection::Stage(stage) => {
                let originals = Originals::load(stage)?;
                (stage, Material::read(stage, &originals).edited)
            }
        };
        let originals = Originals::load(stage)?;
        for path in &paths {
            restored.push(restore(stage, &originals, path)?);
        }
    }
    Ok(restored)
}

fn restore(stage: &Stage, originals: &Originals, path: &str) -> Result<Restored> {
    let place = stage.folder().join(path);
    let file = stage.shown(&place);
    let Ok(original) = originals.get(path) else {
        return Ok(Restored::Foreign { file });
    };
    if files::read(&place).is_ok_and(|text| text == original) {
        return Ok(Restored::Same { file });
    }
    let kept = keep(&place)?;
    files::write_atomically(&place, original)?;
    Ok(match kept {
        Some(kept) => Restored::Kept {
            file,
            kept: stage.shown(&kept),
        },
        None => Restored::Back { file },
    })
}

/// Copies a file to the first free name beside it. A missing file has nothing to keep.
///
/// # Errors
///
/// When the copy cannot be written whole.
pub fn keep(place: &Path) -> Result<Option<PathBuf>> {
    let bytes = match fs::read(place) {
        Ok(bytes) => bytes,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(Error::file(place, cause)),
    };
    loop {
        let kept = files::free_name(place, "kept");
        match OpenOptions::new().write(true).create_new(true).open(&kept) {
            Ok(mut copy) => {
                let written = copy.write_all(&bytes).and_then(|()| copy.sync_all());
                return match written {
                    Ok(()) => Ok(Some(kept)),
                    Err(cause) => {
                        // Half a copy is no copy; that it cannot be removed either changes nothing.
                        let _ = fs::remove_file(&kept);
                        Err(Error::file(&kept, cause))
                    }
                };
            }
            // Somebody else has just taken the name.
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
            Err(cause) => return Err(Error::file(&kept, cause)),
        }
    }
}

/// The lines of an exercise's file on which a `dbg!` is left. A file that cannot be read has none.
pub fn debugging_left(item: &Item<'_>) -> Vec<usize> {
    let text = files::read(&item.source()).unwrap_or_default();
    let tokens = tokens_of(&text);
    let calls = tokens
        .windows(2)
        .filter(|pair| pair[0].word() == Some("dbg") && pair[1].is('!'));
    let line_of = |start: usize| text.get(..start).unwrap_or_default().lines().count().max(1);
    calls.map(|pair| line_of(pair[0].bytes().end)).collect()
}

/// The learner's answer beside the reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The learner's file, as it is shown.
    pub file: String,
    pub yours: String,
    /// The reference's file, as it is shown.
    pub reference_file: String,
    pub reference: String,
}

/// Reads both answers to an exercise.
///
/// # Errors
///
/// When this copy of the course has no solutions, or a file cannot be read.
pub fn compare(item: &Item<'_>) -> Result<Comparison> {
    let place = item.stage.solution_folder().join(item.exercise.source());
    if !place.exists() {
        let words = format!("this copy of the course has no solution for {}", item.id());
        return Err(Error::new(words));
    }
    Ok(Comparison {
        file: item.stage.shown(&item.source()),
        yours: files::read(&item.source())?,
        reference_file: item.stage.shown(&place),
        reference: files::read(&place)?,
    })
}

#[cfg(test)]
mod tests {
    use super::keep;
    use std::fs;

    #[test]
    fn every_copy_is_kept_under_a_name_of_its_own() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let place = folder.path().join("loops.rs");
        assert!(keep(&place).expect("nothing to keep").is_none());
        for text in ["first", "second"] {
            fs::write(&place, text).expect("writable");
            let kept = keep(&place).expect("kept").expect("there was a file");
            assert_eq!(fs::read_to_string(kept).expect("readable"), text);
        }
        let kept = fs::read_to_string(folder.path().join("loops.rs.kept-1"));
        assert_eq!(kept.expect("still there"), "first");
    }
}

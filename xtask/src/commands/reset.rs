//! `cargo xtask reset`: what was handed out comes back, and the learner's file is kept.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Ending;
use crate::course::{Course, Originals, Selection, Stage};
use crate::error::{Error, Result};
use crate::files;

/// Brings back the starter of an exercise, or with `tests` its tests (with a stage, all of its tests).
///
/// # Errors
///
/// When the name is wrong, or a file cannot be kept or written: then nothing is overwritten.
pub fn run(course: &Course, name: &str, tests: bool) -> Result<Ending> {
    let selection = course.select(&[name.to_owned()])?;
    let Some(selection) = selection.first() else {
        return Ok(Ending::Well);
    };
    let (stage, paths) = match selection {
        Selection::Exercise(item) if tests => (item.stage, vec![item.exercise.tests_file()]),
        Selection::Exercise(item) => (item.stage, vec![item.exercise.source()]),
        Selection::Stage(stage) if tests => {
            let originals = Originals::load(stage)?;
            (*stage, originals.edited_tests(&stage.files()?))
        }
        Selection::Stage(_) => {
            course.exercise(name)?;
            return Ok(Ending::NotYet);
        }
    };
    let originals = Originals::load(stage)?;
    for path in &paths {
        restore(stage, &originals, path)?;
    }
    if paths.is_empty() {
        println!("The tests of `{}` are as they were handed out.", stage.id);
    }
    Ok(Ending::Well)
}

fn restore(stage: &Stage, originals: &Originals, path: &str) -> Result<()> {
    let place = stage.folder().join(path);
    let shown = stage.shown(&place);
    let Ok(original) = originals.get(path) else {
        println!("{shown} was not handed out; it stays, and has no part in a verdict.");
        return Ok(());
    };
    if files::read(&place).is_ok_and(|text| text == original) {
        println!("{shown} is as it was handed out.");
        return Ok(());
    }
    match keep(&place)? {
        Some(kept) => println!(
            "{shown} is as it was handed out again. Yours is kept as {}.",
            stage.shown(&kept)
        ),
        None => println!("{shown} is back as it was handed out."),
    }
    files::write_atomically(&place, original)
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
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    let mut number = 1;
    loop {
        let kept = place.with_file_name(format!("{name}.kept-{number}"));
        match OpenOptions::new().write(true).create_new(true).open(&kept) {
            Ok(mut file) => {
                let written = file.write_all(&bytes).and_then(|()| file.sync_all());
                return written.map(|()| Some(kept.clone())).map_err(|cause| {
                    // A half copy would look like the learner's work.
                    let _ = fs::remove_file(&kept);
                    Error::file(&kept, cause)
                });
            }
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(cause) => return Err(Error::file(&kept, cause)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::keep;
    use std::fs;

    #[test]
    fn every_copy_gets_a_name_of_its_own() {
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

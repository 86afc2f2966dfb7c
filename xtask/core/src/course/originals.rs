//! The starters and tests as the course hands them out.
//!
//! A learner works in the very files that were handed out, so each stage keeps a copy in `originals.json`: a JSON
//! object of path to text. It is what `reset` brings back, what tells a starter from work, and what an edited test is
//! compared with. It works without git, and in a folder that was unpacked from an archive.

use std::path::PathBuf;
use std::sync::Arc;

use nojson::RawJson;

use super::{Exercise, Stage};
use crate::error::{Error, Kind, Result};
use crate::files::{self, FileSet};
use crate::json::Node;
use crate::memory::Memory;

/// The files of one stage as they were handed out.
#[derive(Debug)]
pub struct Originals {
    files: Arc<FileSet>,
    /// What to do when something is missing in them.
    mend: String,
}

/// The file is the course's own, and nobody writes in it.
fn mend(stage: &Stage) -> String {
    format!(
        "bring the course's own file back: `git checkout HEAD -- exercises/{}/originals.json`, or take it from a fresh \
         download",
        stage.folder
    )
}

impl Originals {
    /// Where the originals of a stage lie.
    pub fn path(stage: &Stage) -> PathBuf {
        stage.folder().join("originals.json")
    }

    /// Reads the originals of a stage.
    ///
    /// # Errors
    ///
    /// When the file is missing or is not an object of texts.
    pub fn load(stage: &Stage) -> Result<Self> {
        let path = Self::path(stage);
        let mend = mend(stage);
        let text = files::read(&path).map_err(|error| error.help(&mend))?;
        let broken = |what: String| Error::file(&path, what).as_kind(Kind::Course).help(&mend);
        static KNOWN: Memory<String, std::result::Result<Arc<FileSet>, String>> = Memory::new();
        let files = KNOWN.answer(text, |text| texts_in(text).map(Arc::new));
        let files = files.map_err(broken)?;
        Ok(Self { files, mend })
    }

    /// Originals that hold `files`.
    pub fn new(files: FileSet) -> Self {
        Self {
            files: Arc::new(files),
            mend: "`cargo xtask seal` records a stage as it is handed out".to_owned(),
        }
    }

    /// The working tree as it is, for a maintainer who has not recorded it yet.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn of_tree(stage: &Stage) -> Result<Self> {
        Ok(Self {
            files: Arc::new(stage.tree()?),
            mend: mend(stage),
        })
    }

    /// Records the files of the working tree as the originals.
    ///
    /// # Errors
    ///
    /// When a file cannot be read or the record cannot be written.
    pub fn record(stage: &Stage) -> Result<()> {
        files::write_atomically(&Self::path(stage), &Self::encode(&stage.tree()?))
    }

    /// The text that [`Originals::record`] writes for `files`.
    pub fn encode(files: &FileSet) -> String {
        let document = nojson::json(|f| {
            f.set_indent_size(2);
            f.set_spacing(true);
            f.object(|f| {
                files
                    .iter()
                    .try_for_each(|(name, text)| f.member(name, text))
            })
        });
        format!("{document}\n")
    }

    /// Every original file.
    pub fn files(&self) -> &FileSet {
        &self.files
    }

    /// The starter of an exercise.
    ///
    /// # Errors
    ///
    /// When the originals do not hold it.
    pub fn starter(&self, exercise: &Exercise) -> Result<&str> {
        self.get(&exercise.source())
    }

    /// One original file, by its path below the stage's folder.
    ///
    /// # Errors
    ///
    /// When the originals do not hold it.
    pub fn get(&self, path: &str) -> Result<&str> {
        self.files.get(path).map(String::as_str).ok_or_else(|| {
            Error::of(Kind::Course, format!("`originals.json` has no `{path}`")).help(&self.mend)
        })
    }
}

/// The texts of a JSON object by their names, or what is wrong with it.
fn texts_in(text: &str) -> std::result::Result<FileSet, String> {
    let document = RawJson::parse(text).map_err(|error| error.to_string())?;
    let members = Node::of(&document).members();
    let members = members.ok_or_else(|| "it is no object of texts".to_owned())?;
    let named = members.into_iter().map(|(name, value)| match value.text() {
        Some(text) => Ok((name.into_owned(), text.into_owned())),
        None => Err(format!("`{name}` is not a text")),
    });
    named.collect()
}

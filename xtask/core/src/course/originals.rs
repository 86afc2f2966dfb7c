//! The starters and tests as the course hands them out.
//!
//! A learner works in the very files that were handed out, so each stage keeps a copy in `originals.json`: a JSON
//! object of path to text. It is what `reset` brings back, what tells a starter from work, and what an edited test is
//! compared with. It works without git, and in a folder that was unpacked from an archive.

use std::path::PathBuf;

use nojson::RawJson;

use super::{Exercise, Stage};
use crate::error::{Error, Kind, Result};
use crate::files::{self, FileSet};
use crate::json::Node;

/// The files of one stage as they were handed out.
#[derive(Debug)]
pub struct Originals {
    files: FileSet,
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
        let mend = "a learner restores it with `git checkout` or a fresh download; a maintainer records it with \
                    `cargo xtask seal`";
        let text = files::read(&path).map_err(|error| error.help(mend))?;
        let broken = |what: String| Error::file(&path, what).as_kind(Kind::Course).help(mend);
        let document = RawJson::parse(&text).map_err(|error| broken(error.to_string()))?;
        let members = Node::of(&document)
            .members()
            .ok_or_else(|| broken("it is no object of texts".to_owned()))?;
        let files = members
            .into_iter()
            .map(|(name, value)| match value.text() {
                Some(text) => Ok((name.into_owned(), text.into_owned())),
                None => Err(broken(format!("`{name}` is not a text"))),
            })
            .collect::<Result<FileSet>>()?;
        Ok(Self { files })
    }

    /// Originals that hold `files`.
    pub fn new(files: FileSet) -> Self {
        Self { files }
    }

    /// The working tree as it is, for a maintainer who has not recorded it yet.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn of_tree(stage: &Stage) -> Result<Self> {
        Ok(Self {
            files: stage.tree()?,
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
            Error::of(Kind::Course, format!("`originals.json` has no `{path}`"))
                .help("a maintainer records it with `cargo xtask seal`")
        })
    }
}

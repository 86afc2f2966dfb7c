//! What was built last, so that no text is judged by another's build.
//!
//! Cargo goes by modification times. A clock that was put back, a coarse one, or a run that was killed in the middle
//! make it take a build for fresh that was made of other texts. So the keys of what a build was made of are kept beside
//! it; they are taken away before a build of something else begins, and written when it has ended. Where cargo says
//! "fresh" and the key says otherwise, the files of that build are removed, and cargo makes them again.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use nojson::RawJson;

use super::overlay::Contents;
use crate::error::{Error, Result};
use crate::files;
use crate::json::Node;
use crate::key::KeyMaker;

/// A part of a stage's build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The libraries that stages share.
    Shared,
    /// The stage's library.
    Library,
    /// The stage's test program.
    Tests,
}

impl Part {
    const ALL: [Part; 3] = [Part::Shared, Part::Library, Part::Tests];

    fn name(self) -> &'static str {
        match self {
            Part::Shared => "shared",
            Part::Library => "library",
            Part::Tests => "tests",
        }
    }
}

/// The record of one stage's build.
#[derive(Debug)]
pub struct Built {
    path: PathBuf,
    /// What lies there, as far as it is known.
    known: BTreeMap<Part, String>,
    /// What is to be built now.
    wanted: BTreeMap<Part, String>,
}

impl Built {
    /// Reads the record, and takes away from it what is about to be built anew.
    ///
    /// # Errors
    ///
    /// When the record cannot be written.
    pub fn begin(overlay: &Path, stage: &str, contents: &Contents) -> Result<Self> {
        let path = overlay.join("built").join(format!("{stage}.json"));
        let wanted = keys_of(contents);
        let mut known = read(&path);
        let before = known.len();
        known.retain(|part, key| wanted.get(part) == Some(key));
        let built = Self {
            path,
            known,
            wanted,
        };
        if built.known.len() != before {
            built.write()?;
        }
        Ok(built)
    }

    /// Whether what lies there was made of what is wanted.
    pub fn is_known(&self, part: Part) -> bool {
        self.known.contains_key(&part)
    }

    /// Notes the parts that were made just now.
    ///
    /// # Errors
    ///
    /// When the record cannot be written.
    pub fn note(&mut self, made: impl IntoIterator<Item = Part>) -> Result<()> {
        let before = self.known.clone();
        for part in made {
            if let Some(key) = self.wanted.get(&part) {
                self.known.insert(part, key.clone());
            }
        }
        if self.known == before {
            return Ok(());
        }
        self.write()
    }

    fn write(&self) -> Result<()> {
        let text = nojson::object(|f| {
            self.known
                .iter()
                .try_for_each(|(part, key)| f.member(part.name(), key))
        });
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(&self.path, nojson::Json(text).to_string()))
            .map_err(|cause| Error::file(&self.path, cause))
    }
}

/// A record that is damaged knows nothing.
fn read(path: &Path) -> BTreeMap<Part, String> {
    let text = files::read(path).unwrap_or_default();
    let Ok(document) = RawJson::parse(&text) else {
        return BTreeMap::new();
    };
    let key = |part: Part| Node::of(&document).at(part.name()).text();
    let parts = Part::ALL.into_iter();
    parts
        .filter_map(|part| Some((part, key(part)?.into_owned())))
        .collect()
}

fn keys_of(contents: &Contents) -> BTreeMap<Part, String> {
    let shared = KeyMaker::default().files(&contents.shared).finish();
    let library = KeyMaker::default().files(contents.library()).finish();
    let tests = KeyMaker::default().files(&contents.stage).finish();
    BTreeMap::from([
        (Part::Shared, shared),
        (Part::Library, library),
        (Part::Tests, tests),
    ])
}

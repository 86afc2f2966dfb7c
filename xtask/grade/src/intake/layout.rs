//! The ways in which a submission may be laid out.

use std::fs;
use std::path::{Path, PathBuf};

use xtask_core::course::{Course, Stage};

use super::Sources;

/// How deep a submission may lie below the folder that was named: archives often wrap everything in one folder.
const WRAPPERS: usize = 3;

/// Where a submission keeps its exercises.
#[derive(Debug, PartialEq, Eq)]
pub enum Layout {
    /// `exercises/01-logic/src/…`, a checkout of the course.
    Checkout(PathBuf),
    /// `01-logic/src/…`.
    Stages(PathBuf),
    /// `src/…` of the stage with this folder's name, or of the only stage that is graded.
    Stage(PathBuf, String),
    /// `variables.rs` and others, without folders.
    Loose(PathBuf, Vec<String>),
}

impl Layout {
    /// Looks at `folder`, and through folders that hold nothing but one other folder.
    pub fn find(folder: &Path, course: &Course, stages: &[&Stage]) -> Result<Self, String> {
        let mut current =
            fs::canonicalize(folder).map_err(|cause| format!("cannot be read: {cause}"))?;
        if !current.is_dir() {
            return Err("is not a folder".to_owned());
        }
        for _ in 0..=WRAPPERS {
            if let Some(layout) = Self::at(&current, course, stages) {
                return Ok(layout);
            }
            match only_folder(&current)? {
                Some(inner) => current = inner,
                None => break,
            }
        }
        Err(
            "holds no file of an exercise: exercises/STAGE/src/NAME.rs, STAGE/src/NAME.rs, or NAME.rs is expected"
                .to_owned(),
        )
    }

    fn at(folder: &Path, course: &Course, stages: &[&Stage]) -> Option<Self> {
        let has = |base: &Path| {
            let mut all = course.stages.iter();
            all.any(|stage| present(&base.join(&stage.folder).join("src")))
        };
        let checkout = folder.join("exercises");
        if has(&checkout) {
            return Some(Self::Checkout(folder.to_owned()));
        }
        if has(folder) {
            return Some(Self::Stages(folder.to_owned()));
        }
        let name = folder.file_name().map(|name| name.to_string_lossy());
        let named = stages
            .iter()
            .find(|stage| name.as_deref() == Some(stage.folder.as_str()));
        let only = stages.first().filter(|_| stages.len() == 1);
        let stage = named.or(only);
        if let Some(stage) = stage
            && present(&folder.join("src"))
        {
            return Some(Self::Stage(folder.to_owned(), stage.folder.clone()));
        }
        let loose = |stage: &&&Stage| {
            let mut exercises = stage.exercises.iter();
            exercises.any(|one| present(&folder.join(format!("{}.rs", one.name))))
        };
        let found: Vec<String> = match stage {
            Some(stage) => [stage]
                .into_iter()
                .filter(loose)
                .map(|stage| stage.folder.clone())
                .collect(),
            None => stages
                .iter()
                .filter(loose)
                .map(|stage| stage.folder.clone())
                .collect(),
        };
        (!found.is_empty()).then(|| Self::Loose(folder.to_owned(), found))
    }

    /// The sources of `stage`, if this submission can hold any.
    pub fn sources(&self, stage: &Stage) -> Option<Sources> {
        let sources = |root: &PathBuf, folder: PathBuf, loose| Sources {
            root: root.clone(),
            folder,
            loose,
        };
        match self {
            Self::Checkout(root) => {
                let folder = root.join("exercises").join(&stage.folder).join("src");
                Some(sources(root, folder, false))
            }
            Self::Stages(root) => Some(sources(root, root.join(&stage.folder).join("src"), false)),
            Self::Stage(root, name) => {
                (*name == stage.folder).then(|| sources(root, root.join("src"), false))
            }
            Self::Loose(root, names) => names
                .contains(&stage.folder)
                .then(|| sources(root, root.clone(), true)),
        }
    }
}

/// Whether anything lies at `path`, be it a link that leads nowhere.
fn present(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// The one folder in `folder`, when nothing else but hidden files and notes lies there.
fn only_folder(folder: &Path) -> Result<Option<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|cause| format!("cannot be read: {cause}"))?;
    let mut found = None;
    for entry in entries {
        let entry = entry.map_err(|cause| format!("cannot be read: {cause}"))?;
        let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if hidden || !is_folder || entry.file_name() == "__MACOSX" {
            continue;
        }
        if found.is_some() {
            return Ok(None);
        }
        found = Some(entry.path());
    }
    Ok(found)
}

//! What happens to the files: as the system tells it, and as they look.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::time::SystemTime;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use xtask_core::course::{Course, Originals, Stage};
use xtask_core::files;
use xtask_core::process::Cancel;

use super::Event;

/// Has every save told, as long as the answer lives.
pub fn watch_files(
    folder: &Path,
    sender: Sender<Event>,
    cancel: Cancel,
) -> notify::Result<RecommendedWatcher> {
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else {
            return;
        };
        let is_source = |path: &Path| path.extension().is_some_and(|extension| extension == "rs");
        let is_change = !matches!(event.kind, EventKind::Access(_));
        if is_change && event.paths.iter().any(|path| is_source(path)) {
            cancel.cancel();
            // The receiver is gone when the runner is about to end.
            let _ = sender.send(Event::Saved);
        }
    })?;
    watcher.watch(folder, RecursiveMode::Recursive)?;
    Ok(watcher)
}

/// How files look from outside: cheap enough to be asked every second.
#[derive(Debug, PartialEq, Eq)]
pub struct Stamp(Vec<(PathBuf, Option<(SystemTime, u64)>)>);

impl Stamp {
    /// What a learner edits of a stage.
    pub fn of(stage: &Stage) -> Self {
        let folder = stage.folder();
        let mut found = Vec::new();
        for part in ["src", "tests"] {
            let below = folder.join(part);
            // A folder that cannot be read looks empty; the verdict says what is wrong with it.
            let paths = files::paths(&below).unwrap_or_default();
            let sources = paths.iter().filter(|path| path.ends_with(".rs"));
            found.extend(sources.map(|path| below.join(path)));
        }
        Self::of_files(found)
    }

    /// What only an update of the course changes.
    pub fn of_course(course: &Course) -> Self {
        let mut found = vec![
            course.root.join("Cargo.lock"),
            course.root.join("exercises").join("roadmap.toml"),
        ];
        for stage in &course.stages {
            found.push(stage.folder().join("stage.toml"));
            found.push(Originals::path(stage));
        }
        Self::of_files(found)
    }

    fn of_files(paths: Vec<PathBuf>) -> Self {
        let look = |path: &Path| {
            let about = fs::metadata(path).ok()?;
            Some((about.modified().ok()?, about.len()))
        };
        let stamped = paths.into_iter().map(|path| {
            let looks = look(&path);
            (path, looks)
        });
        Self(stamped.collect())
    }
}

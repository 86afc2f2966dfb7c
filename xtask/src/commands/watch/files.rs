//! What happens to the files, as they look from outside.
//!
//! They are looked at again and again instead of waiting for the system's word: that works in every folder (network
//! drives, WSL and containers tell nothing), is the same on every system, and costs no crate to build.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use xtask_core::course::{Course, Originals, Stage};
use xtask_core::files;
use xtask_core::process::Cancel;

use super::Event;

/// How long nobody looks after a look.
const PAUSE: Duration = Duration::from_millis(50);

/// A look at a slow drive may take long; of the time, looking gets one part in so many.
const SHARE: u32 = 20;

/// The files of one stage, and how they looked last.
struct Watched {
    folder: PathBuf,
    stamp: Stamp,
}

/// Looks at the files of a stage, and tells every change, as long as it lives.
pub struct Watcher(Arc<Mutex<Watched>>);

impl Watcher {
    /// Begins to look. A change calls `cancel` off and is sent to `sender`.
    pub fn start(stage: &Stage, sender: Sender<Event>, cancel: Cancel) -> Self {
        let folder = stage.folder();
        let stamp = Stamp::of(&folder);
        let watched = Arc::new(Mutex::new(Watched { folder, stamp }));
        let looked_at = Arc::downgrade(&watched);
        thread::spawn(move || {
            while let Some(watched) = looked_at.upgrade() {
                let begun = Instant::now();
                if look(&watched) {
                    cancel.cancel();
                    if sender.send(Event::Saved).is_err() {
                        return;
                    }
                }
                drop(watched);
                thread::sleep(PAUSE.max(begun.elapsed() * SHARE));
            }
        });
        Self(watched)
    }

    /// Looks at the files of this stage from now on.
    pub fn turn_to(&self, stage: &Stage) {
        let mut watched = lock(&self.0);
        let folder = stage.folder();
        if watched.folder != folder {
            watched.stamp = Stamp::of(&folder);
            watched.folder = folder;
        }
    }
}

/// Whether the files look otherwise than at the last look.
fn look(watched: &Mutex<Watched>) -> bool {
    let mut watched = lock(watched);
    let now = Stamp::of(&watched.folder);
    std::mem::replace(&mut watched.stamp, now) != watched.stamp
}

fn lock(watched: &Mutex<Watched>) -> MutexGuard<'_, Watched> {
    watched.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How files look from outside.
#[derive(Debug, PartialEq, Eq)]
pub struct Stamp(Vec<(PathBuf, Option<(SystemTime, u64)>)>);

impl Stamp {
    /// What a learner edits of the stage in this folder.
    fn of(folder: &Path) -> Self {
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

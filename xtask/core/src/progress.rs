//! What was judged before, so that nothing is judged twice. The file is a cache: the code is the truth.
//!
//! Two terminals, a page and an editor may all be open, so nothing is kept in memory: every question reads the file,
//! and every change locks, reads again, merges and writes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use nojson::RawJson;

use crate::error::{Error, Result};
use crate::files;
use crate::json::Node;

/// The form of the file. A file of another form is set aside, not overwritten.
const VERSION: u64 = 1;

/// In the place of a key: the exercise passed when it had another name, and was not judged since.
pub const UNDER_ANOTHER_NAME: &str = "under another name";

/// The learner's progress file, `.progress.json` in the course's folder.
#[derive(Debug)]
pub struct Progress {
    path: PathBuf,
}

/// What is remembered of the exercises at one moment, by their stable ids.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Snapshot {
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Entry {
    /// The key under which the exercise passed.
    passed: Option<String>,
    /// How many hints were shown.
    hints: usize,
    /// The known mistakes whose question was asked.
    asked: BTreeSet<String>,
}

/// A change of what is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The exercise was judged: with the key, when it passed.
    Judged {
        exercise: String,
        passed: Option<String>,
    },
    /// So many hints of the exercise were shown.
    Hinted { exercise: String, shown: usize },
    /// What is remembered under one name counts for another one, of which nothing is remembered yet.
    Renamed { was: String, now: String },
    /// The question of a known mistake was asked.
    Asked { exercise: String, mistake: String },
}

impl Progress {
    /// The progress of the course at `root`.
    pub fn of(root: &Path) -> Self {
        Self {
            path: root.join(".progress.json"),
        }
    }

    /// What is remembered now. A file that cannot be read or understood remembers nothing.
    pub fn read(&self) -> Snapshot {
        let text = fs::read(&self.path).unwrap_or_default();
        Snapshot {
            entries: decode(&text).unwrap_or_default(),
        }
    }

    /// Sets a file aside that is damaged or was written by another version of the runner, and says so.
    ///
    /// # Errors
    ///
    /// When there is such a file and it cannot be renamed.
    pub fn set_aside_unreadable(&self) -> Result<Option<String>> {
        let Ok(text) = fs::read(&self.path) else {
            return Ok(None);
        };
        let Err(what) = decode(&text) else {
            return Ok(None);
        };
        let _lock = self.lock()?;
        let kept = files::free_name(&self.path, "unread");
        fs::rename(&self.path, &kept).map_err(|cause| Error::file(&kept, cause))?;
        let name = kept.file_name().unwrap_or_default().to_string_lossy();
        Ok(Some(format!(
            "The progress file {what}. It is kept as {name}; your answers are untouched, and `cargo xtask check --all` \
             counts them again."
        )))
    }

    /// Merges changes into what is remembered by then.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn change(&self, changes: &[Change]) -> Result<()> {
        let apply = |snapshot: &Snapshot| {
            let mut changed = snapshot.clone();
            for change in changes {
                changed.apply(change);
            }
            changed
        };
        let before = self.read();
        if apply(&before) == before {
            return Ok(());
        }
        let _lock = self.lock()?;
        files::write_atomically(&self.path, &encode(&apply(&self.read())))
    }

    /// Held for the moment of a change.
    fn lock(&self) -> Result<File> {
        let path = self.path.with_file_name(".progress.lock");
        let fail = |cause| Error::file(&path, cause);
        let file = File::create(&path).map_err(fail)?;
        file.lock().map_err(fail)?;
        Ok(file)
    }
}

impl Snapshot {
    /// The key under which the exercise passed.
    pub fn passed_as(&self, exercise: &str) -> Option<&str> {
        self.entries.get(exercise)?.passed.as_deref()
    }

    /// Whether nothing was ever judged here.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Whether something is remembered of an exercise.
    pub fn knows(&self, exercise: &str) -> bool {
        self.entries.contains_key(exercise)
    }

    /// How many hints of an exercise were shown.
    pub fn hints_shown(&self, exercise: &str) -> usize {
        self.entries.get(exercise).map_or(0, |entry| entry.hints)
    }

    /// How many different questions were asked about an exercise: they are no hints, which a learner asks for.
    pub fn questions_asked(&self, exercise: &str) -> usize {
        let entry = self.entries.get(exercise);
        entry.map_or(0, |entry| entry.asked.len())
    }

    fn apply(&mut self, change: &Change) {
        match change {
            Change::Judged { exercise, passed } => {
                let entry = self.entries.entry(exercise.clone()).or_default();
                entry.passed.clone_from(passed);
            }
            Change::Hinted { exercise, shown } => {
                let entry = self.entries.entry(exercise.clone()).or_default();
                entry.hints = entry.hints.max(*shown);
            }
            Change::Renamed { was, now } => {
                let earlier = self.entries.get(was).cloned().unwrap_or_default();
                self.entries.entry(now.clone()).or_insert(Entry {
                    passed: earlier.passed.map(|_| UNDER_ANOTHER_NAME.to_owned()),
                    ..earlier
                });
            }
            Change::Asked { exercise, mistake } => {
                let entry = self.entries.entry(exercise.clone()).or_default();
                entry.asked.insert(mistake.clone());
            }
        }
    }
}

fn encode(snapshot: &Snapshot) -> String {
    let document = nojson::json(|f| {
        f.set_indent_size(2);
        f.set_spacing(true);
        f.object(|f| {
            f.member("version", VERSION)?;
            f.member(
                "exercises",
                nojson::object(|f| {
                    for (id, entry) in &snapshot.entries {
                        let value = nojson::object(|f| {
                            f.member("passed", &entry.passed)?;
                            f.member("hints", entry.hints)?;
                            f.member("asked", &entry.asked)
                        });
                        f.member(id, value)?;
                    }
                    Ok(())
                }),
            )
        })
    });
    format!("{document}\n")
}

fn decode(text: &[u8]) -> std::result::Result<BTreeMap<String, Entry>, &'static str> {
    const DAMAGED: &str = "is damaged";
    let text = std::str::from_utf8(text).map_err(|_| DAMAGED)?;
    let document = RawJson::parse(text).map_err(|_| DAMAGED)?;
    let document = Node::of(&document);
    match document.at("version").number() {
        Some(VERSION) => {}
        Some(_) => return Err("was written by another version of the runner"),
        None => return Err(DAMAGED),
    }
    let exercises = document.at("exercises").members().ok_or(DAMAGED)?;
    let entry = |value: Node<'_, '_>| Entry {
        passed: value.at("passed").text().map(Into::into),
        hints: value
            .at("hints")
            .number()
            .and_then(|hints| usize::try_from(hints).ok())
            .unwrap_or(0),
        asked: value
            .at("asked")
            .items()
            .into_iter()
            .filter_map(|name| Some(name.text()?.into_owned()))
            .collect(),
    };
    Ok(exercises
        .into_iter()
        .map(|(id, value)| (id.into_owned(), entry(value)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::{Change, Progress};
    use std::fs;
    use std::thread;

    fn passed(exercise: &str, key: Option<&str>) -> Change {
        Change::Judged {
            exercise: exercise.into(),
            passed: key.map(str::to_owned),
        }
    }

    #[test]
    fn a_pass_counts_until_the_exercise_fails() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let progress = Progress::of(folder.path());
        progress
            .change(&[passed("logic/loops", Some("k1"))])
            .expect("writable");
        assert_eq!(progress.read().passed_as("logic/loops"), Some("k1"));
        progress
            .change(&[passed("logic/loops", None)])
            .expect("writable");
        assert_eq!(progress.read().passed_as("logic/loops"), None);
    }

    #[test]
    fn hints_and_questions_are_counted_apart_and_each_once() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let progress = Progress::of(folder.path());
        let exercise = || "logic/loops".to_owned();
        let asked = |mistake: &str| Change::Asked {
            exercise: exercise(),
            mistake: mistake.to_owned(),
        };
        let hinted = Change::Hinted {
            exercise: exercise(),
            shown: 1,
        };
        let changes = [
            asked("off_by_one"),
            hinted,
            asked("off_by_one"),
            asked("endless"),
        ];
        progress.change(&changes).expect("writable");
        let snapshot = progress.read();
        assert_eq!(snapshot.hints_shown("logic/loops"), 1);
        assert_eq!(snapshot.questions_asked("logic/loops"), 2);
        assert_eq!(snapshot.questions_asked("logic/strings"), 0);
    }

    #[test]
    fn changes_of_others_are_kept() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        thread::scope(|scope| {
            for number in 0..8 {
                let progress = Progress::of(folder.path());
                scope.spawn(move || {
                    for step in 0..10 {
                        let exercise = format!("stage/{number}-{step}");
                        progress
                            .change(&[passed(&exercise, Some("k"))])
                            .expect("writable");
                    }
                });
            }
        });
        let snapshot = Progress::of(folder.path()).read();
        assert_eq!(snapshot.entries.len(), 80);
    }

    #[test]
    fn a_damaged_or_newer_file_is_set_aside_and_said() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let progress = Progress::of(folder.path());
        for (text, word, kept) in [
            (
                "{\"version\":1,\"exer",
                "damaged",
                ".progress.json.unread-1",
            ),
            (
                "{\"version\":9}",
                "another version",
                ".progress.json.unread-2",
            ),
        ] {
            fs::write(folder.path().join(".progress.json"), text).expect("writable");
            assert!(progress.read().is_empty());
            let notice = progress.set_aside_unreadable().expect("set aside");
            assert!(notice.expect("it is said").contains(word));
            let kept = fs::read_to_string(folder.path().join(kept));
            assert_eq!(kept.expect("it is kept"), text);
        }
    }
}

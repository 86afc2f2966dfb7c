//! What was judged before, so that nothing is judged twice. The file is a cache: the code is the truth.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::engine::Verdict;
use crate::error::{Error, Result};
use crate::files;

/// The form of the file. A runner leaves a file of a later form alone.
const VERSION: u64 = 1;

/// What is remembered of the exercises, by their stable ids.
#[derive(Debug)]
pub struct Progress {
    path: PathBuf,
    entries: BTreeMap<String, Entry>,
}

#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Entry {
    /// The fingerprint under which the exercise passed.
    passed: Option<String>,
    /// How many hints were shown.
    hints: usize,
}

impl Progress {
    /// Reads the progress of the course at `root`. A file that is damaged or from a newer runner is kept under
    /// another name; the text says so.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or set aside.
    pub fn load(root: &Path) -> Result<(Self, Option<String>)> {
        let path = root.join(".progress.json");
        let mut progress = Self {
            path: path.clone(),
            entries: BTreeMap::new(),
        };
        if !path.exists() {
            return Ok((progress, None));
        }
        let text = fs::read(&path).map_err(|cause| Error::file(&path, cause))?;
        match decode(&text) {
            Ok(entries) => {
                progress.entries = entries;
                Ok((progress, None))
            }
            Err(what) => {
                let kept = path.with_file_name(".progress.json.unread");
                fs::rename(&path, &kept).map_err(|cause| Error::file(&kept, cause))?;
                let notice = format!(
                    "The progress file {what}. It is kept as .progress.json.unread; your answers are untouched, and \
                     `cargo xtask check --all` counts them again."
                );
                Ok((progress, Some(notice)))
            }
        }
    }

    /// Whether the exercise passed and nothing that it rests on has changed since.
    pub fn has_passed(&self, exercise: &str, key: &str) -> bool {
        let entry = self.entries.get(exercise);
        entry.is_some_and(|entry| entry.passed.as_deref() == Some(key))
    }

    /// Whether nothing was ever judged here.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many hints of an exercise were shown.
    pub fn hints_shown(&self, exercise: &str) -> usize {
        self.entries.get(exercise).map_or(0, |entry| entry.hints)
    }

    /// Notes a verdict and writes the file.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn note(&mut self, verdict: &Verdict, key: &str) -> Result<()> {
        let passed = verdict.passed().then(|| key.to_owned());
        self.change(&verdict.exercise, |entry| entry.passed = passed)
    }

    /// Notes how many hints were shown and writes the file.
    ///
    /// # Errors
    ///
    /// When the file cannot be written.
    pub fn note_hints(&mut self, exercise: &str, shown: usize) -> Result<()> {
        self.change(exercise, |entry| entry.hints = shown)
    }

    fn change(&mut self, exercise: &str, change: impl FnOnce(&mut Entry)) -> Result<()> {
        let known = self.entries.get(exercise);
        let mut entry = known.cloned().unwrap_or_default();
        change(&mut entry);
        if known == Some(&entry) {
            return Ok(());
        }
        self.entries.insert(exercise.to_owned(), entry);
        files::write_atomically(&self.path, &self.encode())
    }

    fn encode(&self) -> String {
        let exercises: Map<String, Value> = self
            .entries
            .iter()
            .map(|(id, entry)| {
                (
                    id.clone(),
                    json!({"passed": entry.passed, "hints": entry.hints}),
                )
            })
            .collect();
        let document = json!({"version": VERSION, "exercises": exercises});
        format!("{document:#}\n")
    }
}

fn decode(text: &[u8]) -> std::result::Result<BTreeMap<String, Entry>, &'static str> {
    const DAMAGED: &str = "is damaged";
    let document: Value = serde_json::from_slice(text).map_err(|_| DAMAGED)?;
    match document["version"].as_u64() {
        Some(VERSION) => {}
        Some(_) => return Err("was written by another version of the runner"),
        None => return Err(DAMAGED),
    }
    let exercises = document["exercises"].as_object().ok_or(DAMAGED)?;
    let entry = |value: &Value| Entry {
        passed: value["passed"].as_str().map(str::to_owned),
        hints: value["hints"]
            .as_u64()
            .and_then(|hints| usize::try_from(hints).ok())
            .unwrap_or(0),
    };
    Ok(exercises
        .iter()
        .map(|(id, value)| (id.clone(), entry(value)))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::Progress;
    use crate::engine::{Status, Verdict};
    use std::fs;

    fn verdict(status: Status) -> Verdict {
        Verdict {
            exercise: "logic/loops".into(),
            status,
            tests: Vec::new(),
            diagnostics: Vec::new(),
            notes: Vec::new(),
        }
    }

    #[test]
    fn a_pass_counts_until_the_key_changes_or_the_exercise_fails() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (mut progress, _) = Progress::load(folder.path()).expect("nothing to read");
        progress
            .note(&verdict(Status::Passed), "k1")
            .expect("writable");
        let (mut again, notice) = Progress::load(folder.path()).expect("readable");
        assert_eq!(notice, None);
        assert!(again.has_passed("logic/loops", "k1"));
        assert!(!again.has_passed("logic/loops", "k2"));
        again
            .note(&verdict(Status::Failed), "k1")
            .expect("writable");
        assert!(!again.has_passed("logic/loops", "k1"));
    }

    #[test]
    fn a_damaged_or_newer_file_is_set_aside_and_said() {
        for (text, word) in [
            ("{\"version\":1,\"exer", "damaged"),
            ("{\"version\":9}", "another version"),
        ] {
            let folder = tempfile::tempdir().expect("a temporary folder");
            fs::write(folder.path().join(".progress.json"), text).expect("writable");
            let (progress, notice) = Progress::load(folder.path()).expect("set aside");
            assert!(progress.is_empty());
            assert!(notice.expect("it is said").contains(word));
            let kept = fs::read_to_string(folder.path().join(".progress.json.unread"));
            assert_eq!(kept.expect("it is kept"), text);
        }
    }
}

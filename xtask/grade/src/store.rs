//! What was graded before, by content: nothing is graded twice, and a run that was killed goes on where it was.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use xtask_core::error::{Error, Result};
use xtask_core::files::FileSet;
use xtask_core::store;

/// The runner's store below the grader's working folder. It is a cache: what is damaged is forgotten and made again.
#[derive(Debug, Clone)]
pub struct Store {
    kept: store::Store,
    judge: String,
}

impl Store {
    /// The store of `judge`, the toolchain and the grader: what another one has found may be what this one would not let
    /// pass.
    pub fn new(work: &Path, judge: String) -> Self {
        let kept = store::Store::below(work);
        Self { kept, judge }
    }

    /// What is remembered under `key`.
    pub fn get<T: DeserializeOwned>(&self, key: &Key) -> Option<T> {
        let text = self.kept.get(self.own(key).text())?;
        serde_json::from_str(&text).ok()
    }

    /// Remembers `value` under `key`. A reader sees all of it or nothing.
    ///
    /// # Errors
    ///
    /// When it cannot be written, for example on a full disk.
    pub fn put(&self, key: &Key, value: &impl Serialize) -> Result<()> {
        let text = serde_json::to_string(value).map_err(|error| Error::new(error.to_string()))?;
        self.kept.put(self.own(key).text(), &text)
    }

    fn own(&self, key: &Key) -> Key {
        Key::of(&[&self.judge, key.text()])
    }
}

/// A name for content: SHA-256 over parts, each with its length before it. The runner's own keys are shorter, and nobody
/// gains by making two texts of one key; here the texts are written by people who would.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// The key of some parts.
    pub fn of(parts: &[&str]) -> Self {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part.len().to_le_bytes());
            hasher.update(part.as_bytes());
        }
        let digest = hasher.finalize();
        Self(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// The key of files, by their paths and texts.
    pub fn of_files(files: &FileSet) -> Self {
        let parts = files
            .iter()
            .flat_map(|(path, text)| [path.as_str(), text.as_str()]);
        Self::of(&parts.collect::<Vec<&str>>())
    }

    /// The key as text.
    pub fn text(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Key, Store};

    #[test]
    fn what_another_grader_has_found_does_not_count() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = |judge: &str| Store::new(folder.path(), judge.to_owned());
        let key = Key::of(&["a"]);
        store("one").put(&key, &7).expect("writable");
        assert_eq!(store("one").get::<u32>(&key), Some(7));
        assert_eq!(store("two").get::<u32>(&key), None);
    }

    #[test]
    fn a_damaged_result_is_forgotten() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::new(folder.path(), "one".to_owned());
        let key = Key::of(&["a", "bc"]);
        assert_ne!(key, Key::of(&["ab", "c"]));
        assert_eq!(store.get::<Vec<u32>>(&key), None);
        store.put(&key, &[1, 2]).expect("writable");
        assert_eq!(store.get::<Vec<u32>>(&key), Some(vec![1, 2]));
        let kept = xtask_core::store::Store::below(folder.path());
        kept.put(store.own(&key).text(), "[1,").expect("writable");
        assert_eq!(store.get::<Vec<u32>>(&key), None);
    }
}

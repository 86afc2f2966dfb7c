//! What was graded before, by content: nothing is graded twice, and a run that was killed goes on where it was.

use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use xtask_core::error::{Error, Result};
use xtask_core::files::{self, FileSet};

/// A folder with a file for each remembered result. It is a cache: what is damaged is forgotten and made again.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// The store of the program `grader` below its working folder: what another version has found may be what this one
    /// would not let pass.
    ///
    /// # Errors
    ///
    /// When the program cannot be read.
    pub fn new(work: &Path, grader: &Path) -> Result<Self> {
        let program = std::fs::read(grader).map_err(|cause| Error::file(grader, cause))?;
        let mut hasher = DefaultHasher::new();
        hasher.write(&program);
        Ok(Self {
            folder: work
                .join("verdicts")
                .join(format!("{:016x}", hasher.finish())),
        })
    }

    /// What is remembered under `key`.
    pub fn get<T: DeserializeOwned>(&self, key: &Key) -> Option<T> {
        let text = std::fs::read(self.path(key)).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Remembers `value` under `key`. A reader sees all of it or nothing.
    ///
    /// # Errors
    ///
    /// When it cannot be written, for example on a full disk.
    pub fn put(&self, key: &Key, value: &impl Serialize) -> Result<()> {
        let text = serde_json::to_string(value).map_err(|error| Error::new(error.to_string()))?;
        files::write_atomically(&self.path(key), &text)
    }

    fn path(&self, key: &Key) -> PathBuf {
        let (start, rest) = key.0.split_at(2);
        self.folder.join(start).join(format!("{rest}.json"))
    }
}

/// A name for content: SHA-256 over parts, each with its length before it.
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
        let grader = folder.path().join("grade");
        let store = |program: &str| {
            std::fs::write(&grader, program).expect("writable");
            Store::new(folder.path(), &grader).expect("readable")
        };
        let key = Key::of(&["a"]);
        store("one").put(&key, &7).expect("writable");
        assert_eq!(store("one").get::<u32>(&key), Some(7));
        assert_eq!(store("two").get::<u32>(&key), None);
    }

    #[test]
    fn a_damaged_result_is_forgotten() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let grader = folder.path().join("grade");
        std::fs::write(&grader, "").expect("writable");
        let store = Store::new(folder.path(), &grader).expect("readable");
        let key = Key::of(&["a", "bc"]);
        assert_ne!(key, Key::of(&["ab", "c"]));
        assert_eq!(store.get::<Vec<u32>>(&key), None);
        store.put(&key, &[1, 2]).expect("writable");
        assert_eq!(store.get::<Vec<u32>>(&key), Some(vec![1, 2]));
        std::fs::write(store.path(&key), "[1,").expect("writable");
        assert_eq!(store.get::<Vec<u32>>(&key), None);
    }
}

//! What was found out before, by content, in one place below the target folder: nothing is worked out twice, and what
//! lies there can be brought along from one machine to the next.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, Kind, Result};
use crate::files;
use crate::key::KeyMaker;

/// A folder with a small text for each key. It is a cache: what is missing or damaged is worked out again.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

impl Store {
    /// The store of a target folder.
    pub fn below(target_folder: &Path) -> Self {
        Self {
            folder: target_folder.join("xtask").join("store"),
        }
    }

    /// What is remembered under a key that a [`KeyMaker`] has made.
    pub fn get(&self, key: &str) -> Option<String> {
        files::read(&self.path(key)).ok()
    }

    /// Remembers a text under a key. A reader sees all of it or nothing.
    ///
    /// # Errors
    ///
    /// When it cannot be written, for example on a full disk.
    pub fn put(&self, key: &str, text: &str) -> Result<()> {
        files::write_atomically(&self.path(key), text)
    }

    fn path(&self, key: &str) -> PathBuf {
        let (start, rest) = key.split_at_checked(2).unwrap_or(("", key));
        self.folder.join(start).join(rest)
    }
}

/// The key of the toolchain.
///
/// # Errors
///
/// When it does not answer.
pub fn toolchain_key() -> Result<String> {
    let program = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(program).arg("-vV").output();
    let version = version.map_err(|cause| {
        Error::of(Kind::System, format!("rustc cannot be started: {cause}"))
            .help("`rustc -vV` should answer")
    })?;
    Ok(KeyMaker::default().bytes(&version.stdout).finish())
}

/// The key of what judges: the toolchain, and the program that asks. What another one has found may be wrong now.
///
/// # Errors
///
/// When the toolchain does not answer, or the program cannot be read.
pub fn judge_key() -> Result<String> {
    let own = std::env::current_exe()
        .map_err(|cause| Error::of(Kind::System, format!("this program has no file: {cause}")))?;
    let bytes = std::fs::read(&own).map_err(|cause| Error::file(&own, cause))?;
    Ok(KeyMaker::default()
        .text(&toolchain_key()?)
        .bytes(&bytes)
        .finish())
}

#[cfg(test)]
mod tests {
    use super::Store;
    use crate::key::KeyMaker;

    #[test]
    fn what_was_put_is_there_and_nothing_else() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let store = Store::below(folder.path());
        let key = |text: &str| KeyMaker::default().text(text).finish();
        store.put(&key("a"), "seven").expect("writable");
        assert_eq!(store.get(&key("a")).as_deref(), Some("seven"));
        assert_eq!(store.get(&key("b")), None);
    }
}

//! Keys for what is remembered on disk: a hash of content that is the same in every toolchain and on every system.

use siphasher::sip128::{Hasher128, SipHasher13};
use std::hash::Hasher;

use crate::files::FileSet;

/// Gathers what a key stands for. Every part is framed by its length, so that no two lists of parts look alike.
#[derive(Default)]
pub struct KeyMaker(SipHasher13);

impl KeyMaker {
    /// Adds a text.
    #[must_use]
    pub fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    /// Adds what is no text, such as a program.
    #[must_use]
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.write(&(bytes.len() as u64).to_le_bytes());
        self.0.write(bytes);
        self
    }

    /// Adds files: their paths and their texts.
    #[must_use]
    pub fn files<'f>(self, files: impl IntoIterator<Item = (&'f String, &'f String)>) -> Self {
        files
            .into_iter()
            .fold(self, |key, (path, text)| key.text(path).text(text))
            .text("")
    }

    /// The key, as 32 hexadecimal digits.
    pub fn finish(self) -> String {
        let hash = self.0.finish128();
        format!("{:016x}{:016x}", hash.h1, hash.h2)
    }
}

/// The key of some files.
pub fn of_files(files: &FileSet) -> String {
    KeyMaker::default().files(files).finish()
}

#[cfg(test)]
mod tests {
    use super::{KeyMaker, of_files};
    use crate::files::FileSet;

    /// A key that changed with the toolchain would throw away what every learner has done.
    #[test]
    fn a_key_is_the_same_everywhere_and_always() {
        let key = KeyMaker::default().text("logic").text("variables").finish();
        assert_eq!(key, "d0b7d48dccfeff5b7bfbea74109fc2dd");
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let one = FileSet::from([("a".to_owned(), "bc".to_owned())]);
        let other = FileSet::from([("ab".to_owned(), "c".to_owned())]);
        assert_ne!(of_files(&one), of_files(&other));
        let split = KeyMaker::default().text("ab").text("c").finish();
        assert_ne!(KeyMaker::default().text("a").text("bc").finish(), split);
    }
}

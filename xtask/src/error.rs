//! What went wrong, said so that the reader can mend it.

use std::fmt;
use std::path::Path;

/// The runner cannot do what was asked. It ends the command with exit code 2.
#[derive(Debug)]
pub struct Error {
    what: String,
    help: Option<String>,
}

/// What the runner's functions answer.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error that says `what` is wrong, in a sentence without its full stop.
    pub fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            help: None,
        }
    }

    /// A file could not be read, written or found.
    pub fn file(path: &Path, cause: impl fmt::Display) -> Self {
        Self::new(format!("{}: {cause}", path.display()))
    }

    /// Adds what the reader can do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds what the reader can do about it, where nothing better was said.
    #[must_use]
    pub fn or_help(mut self, help: &str) -> Self {
        self.help.get_or_insert_with(|| help.to_owned());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

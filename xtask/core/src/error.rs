//! What went wrong, said so that the reader can mend it.

use std::fmt;
use std::path::Path;

/// The runner cannot do what was asked. It ends the command with exit code 2.
#[derive(Debug, Clone)]
pub struct Error {
    kind: Kind,
    what: String,
    help: Option<String>,
}

/// What kind of thing went wrong. Decisions are made by this, never by what the message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What was asked for does not exist or does not fit.
    Asked,
    /// A file of the course is broken.
    Course,
    /// A file or a folder could not be read or written, or a program not started.
    System,
    /// Cargo cannot build, and no exercise is the reason.
    Build,
    /// The compiler read a file that it may not read.
    ForeignRead,
    /// It was called off.
    Cancelled,
}

/// What the runner's functions answer.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// An error of a kind that says `what` is wrong, in a sentence without its full stop.
    pub fn of(kind: Kind, what: impl Into<String>) -> Self {
        Self {
            kind,
            what: what.into(),
            help: None,
        }
    }

    /// Something that was asked for does not exist or does not fit.
    pub fn new(what: impl Into<String>) -> Self {
        Self::of(Kind::Asked, what)
    }

    /// A file could not be read, written or found.
    pub fn file(path: &Path, cause: impl fmt::Display) -> Self {
        Self::of(Kind::System, format!("{}: {cause}", path.display()))
    }

    /// What was asked for was called off.
    pub fn cancelled() -> Self {
        Self::of(Kind::Cancelled, "it was called off")
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The same error as one of another kind.
    #[must_use]
    pub fn as_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
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

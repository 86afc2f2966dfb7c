//! The words of the exercise `sessions`.

use std::error::Error;
use std::fmt;

use super::entropy::NoEntropy;

/// Whole seconds since 1970-01-01T00:00:00Z. The caller reads the clock; what is asked here is only told the time.
pub type UnixTime = i64;

/// A session as its owner sees it in a list. Its `id` names it, and opens nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub id: i64,
    pub created_at: UnixTime,
    pub used_at: UnixTime,
}

/// Why no session begins.
#[derive(Debug)]
pub enum SessionError {
    /// There were no random bytes to be had.
    NoEntropy,
    /// The table failed.
    Broken(rusqlite::Error),
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no session can begin at the moment")
    }
}

impl Error for SessionError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::NoEntropy => Some(&NoEntropy),
            Self::Broken(error) => Some(error),
        }
    }
}

impl From<NoEntropy> for SessionError {
    fn from(NoEntropy: NoEntropy) -> Self {
        Self::NoEntropy
    }
}

impl From<rusqlite::Error> for SessionError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Broken(error)
    }
}

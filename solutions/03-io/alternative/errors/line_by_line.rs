//! Differs: the file is read line by line, so that a bad line ends the reading at once.
//!
//! Counting the books on the shelves.
//!
//! Every evening the warehouse leaves a text file with one count a line. Three things can go wrong with it, and the
//! program that asks must be able to tell them apart; the person who reads the message must learn the cause.

use std::error::Error;
use std::fmt;
use std::fs::File;
use std::io;
use std::io::{BufRead, BufReader};
use std::num::ParseIntError;
use std::path::Path;

/// Why there is no total.
#[derive(Debug)]
pub enum CountError {
    /// The file could not be read: it is missing, or forbidden, or not UTF-8 text.
    Read(io::Error),
    /// A line holds something else than a whole number from 0 to `u32::MAX`.
    NotACount {
        /// The number of the line; the first line is 1, and blank lines count.
        line: usize,
        /// What the standard library said about its text.
        source: ParseIntError,
    },
    /// With the count in this line, the total no longer fits in a `u32`.
    TooMany {
        /// The number of the line.
        line: usize,
    },
}

impl fmt::Display for CountError {
    /// One line of your own words. Where the error has a line number, the text names it.
    ///
    /// The text does not repeat the cause: whoever wants it asks [`Error::source`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(_) => write!(f, "the counts cannot be read"),
            Self::NotACount { line, .. } => write!(f, "line {line} is not a count"),
            Self::TooMany { line } => write!(f, "the total does not fit at line {line}"),
        }
    }
}

impl Error for CountError {
    /// The error of the standard library that lies beneath this one, if there is one.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Read(error) => Some(error),
            Self::NotACount { source, .. } => Some(source),
            Self::TooMany { .. } => None,
        }
    }
}

impl From<io::Error> for CountError {
    /// What `?` calls when it meets an [`io::Error`] in a function that returns a [`CountError`].
    fn from(error: io::Error) -> Self {
        Self::Read(error)
    }
}

/// Adds up the counts in the file at `path`.
///
/// One count a line; blanks around it and blank lines do not matter. A file without counts has the total 0.
///
/// ```text
/// 12
///
///   7
/// ```
///
/// gives 19. With `seven` in the place of `7`, the result would be `CountError::NotACount` with line 3.
///
/// # Errors
///
/// [`CountError::Read`], and for the first line that is wrong [`CountError::NotACount`] or [`CountError::TooMany`].
pub fn count_books(path: &Path) -> Result<u32, CountError> {
    let file = File::open(path)?;
    let mut total: u32 = 0;
    for (text, line) in BufReader::new(file).lines().zip(1..) {
        let text = text?;
        let text = text.trim();
        if text.is_empty() {
            continue;
        }
        let count: u32 = text
            .parse()
            .map_err(|source| CountError::NotACount { line, source })?;
        total = total
            .checked_add(count)
            .ok_or(CountError::TooMany { line })?;
    }
    Ok(total)
}

/// Says how many more books fit: `places` less the total of the file at `path`.
///
/// `places` is the text on the label of the shelves, blanks around it included.
///
/// # Errors
///
/// Three kinds, and the caller can tell them apart with `downcast_ref`:
///
/// | what is wrong | the box holds |
/// | --- | --- |
/// | `places` is not a number of type `u32` | the [`ParseIntError`], whatever the file holds |
/// | the file has no total | the [`CountError`] |
/// | there are more books than places | a message that names both numbers, total and places |
pub fn free_places(path: &Path, places: &str) -> Result<u32, Box<dyn Error>> {
    let places: u32 = places.trim().parse()?;
    let total = count_books(path)?;
    match places.checked_sub(total) {
        Some(free) => Ok(free),
        None => Err(format!("{total} books for {places} places").into()),
    }
}

/// The whole story of an error in one line: its text, then the text of each cause, joined by `": "`.
///
/// ```text
/// the counts cannot be read: No such file or directory (os error 2)
/// ```
///
/// An error without a cause gives its own text and nothing else.
#[must_use]
pub fn explain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        text.push_str(": ");
        text.push_str(&deeper.to_string());
        cause = deeper.source();
    }
    text
}

//! A known mistake: a head that says what it is good for, and a diff against the solution.
//!
//! ```text
//! Caught by: a_night_shift_wraps_around_midnight
//! Why it tempts: it reads like the sentence "after opening and before closing".
//! Ask: What do the two comparisons answer at 23:00, for a shift from 22:00 to 06:00?
//!
//! --- a/src/opening_hours.rs
//! +++ b/src/opening_hours.rs
//! @@ -20,6 +20,2 @@
//! …
//! ```

use std::path::{Path, PathBuf};

use diffy::{DiffOptions, Line, Patch};
use xtask_core::course::{Exercise, Item, Stage};
use xtask_core::error::{Error, Kind, Result};
use xtask_core::files;

/// What stands where an author has not written yet.
pub const UNWRITTEN: &str = "…";

/// The most characters of a question.
const ASK_CHARS: usize = 200;

const CAUGHT_BY: &str = "Caught by: ";
const TEMPTS: &str = "Why it tempts: ";
const ASK: &str = "Ask: ";

/// What stands above the diff.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// The tests that must fail.
    pub caught_by: Vec<String>,
    /// For maintainers: why somebody would write this.
    pub tempts: String,
    /// For the learner: the question that lets somebody who made this mistake see it.
    pub ask: String,
}

/// A known mistake as its file has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    pub head: Head,
    diff: String,
}

/// A known mistake and the place of its file.
#[derive(Debug, Clone)]
pub struct Kept {
    pub path: PathBuf,
    pub mistake: Mistake,
}

impl Kept {
    /// The file's name without its ending, which says the mistake.
    pub fn name(&self) -> String {
        let stem = self.path.file_stem().unwrap_or_default();
        stem.to_string_lossy().into_owned()
    }
}

/// Where the mistakes of an exercise lie.
pub fn folder(stage: &Stage, exercise: &Exercise) -> PathBuf {
    stage.solution_folder().join("wrong").join(&exercise.name)
}

/// The mistakes of an exercise, by their names. Files of other kinds are none; [`crate::verify`] speaks of them.
///
/// # Errors
///
/// When a file cannot be read.
pub fn mistakes_of(item: &Item<'_>) -> Result<Vec<Kept>> {
    let mut found = Vec::new();
    for path in files::entries(&folder(item.stage, item.exercise))? {
        if is_patch(&path) {
            let mistake = Mistake::parse(&files::read(&path)?);
            found.push(Kept { path, mistake });
        }
    }
    Ok(found)
}

/// Whether a file is one that a mistake is kept in.
pub fn is_patch(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "patch")
}

impl Mistake {
    /// Reads the text of a patch. What is missing of its head is empty, and [`Mistake::faults`] names it.
    pub fn parse(text: &str) -> Self {
        let start = match text.starts_with("--- ") {
            true => Some(0),
            false => text.find("\n--- ").map(|before| before + 1),
        };
        let (head, diff) = text.split_at(start.unwrap_or(text.len()));
        let mut read = Head::default();
        for line in head.lines() {
            if let Some(names) = line.strip_prefix(CAUGHT_BY) {
                let names = names.split(',').map(str::trim);
                read.caught_by = names
                    .filter(|name| !name.is_empty())
                    .map(str::to_owned)
                    .collect();
            } else if let Some(why) = line.strip_prefix(TEMPTS) {
                read.tempts = why.trim().to_owned();
            } else if let Some(ask) = line.strip_prefix(ASK) {
                read.ask = ask.trim().to_owned();
            }
        }
        Self {
            head: read,
            diff: diff.to_owned(),
        }
    }

    /// The mistake that makes `answer` of `solution`, in the file at `source` below the stage's folder.
    pub fn between(head: Head, source: &str, solution: &str, answer: &str) -> Self {
        let mut options = DiffOptions::new();
        options.set_original_filename(format!("a/{source}"));
        options.set_modified_filename(format!("b/{source}"));
        let diff = options.create_patch(solution, answer).to_string();
        Self { head, diff }
    }

    /// The text of its file.
    pub fn encode(&self) -> String {
        let Head {
            caught_by,
            tempts,
            ask,
        } = &self.head;
        let names = caught_by.join(", ");
        format!(
            "{CAUGHT_BY}{names}\n{TEMPTS}{tempts}\n{ASK}{ask}\n\n{}",
            self.diff
        )
    }

    /// The diff alone.
    pub fn diff(&self) -> &str {
        &self.diff
    }

    /// What is wrong with its form: `text` is the file's text.
    pub fn faults(&self, text: &str, exercise: &Exercise) -> Vec<String> {
        let mut faults = Vec::new();
        for (key, value) in [(TEMPTS, &self.head.tempts), (ASK, &self.head.ask)] {
            if value.is_empty() || value == UNWRITTEN {
                faults.push(format!("the line `{}` is missing or empty", key.trim()));
            }
        }
        if self.head.caught_by.is_empty() {
            faults.push("`Caught by:` names no test that must fail".to_owned());
        }
        let length = self.head.ask.chars().count();
        if length > ASK_CHARS {
            faults.push(format!(
                "the question has {length} characters, and {ASK_CHARS} is the most"
            ));
        }
        let source = exercise.source();
        let begins = format!("--- a/{source}\n+++ b/{source}\n@@ ");
        if !self.diff.starts_with(&begins) {
            faults.push(format!("it holds no diff from a/{source} to b/{source}"));
        }
        let head: Vec<&str> = text.lines().take(4).collect();
        let in_order = matches!(head.as_slice(), [names, why, ask, ""]
            if names.starts_with(CAUGHT_BY) && why.starts_with(TEMPTS) && ask.starts_with(ASK));
        if faults.is_empty() && !in_order {
            faults.push("its head is not three lines in order and an empty one".to_owned());
        }
        faults
    }

    /// The answer of somebody who makes the mistake.
    ///
    /// # Errors
    ///
    /// When the diff does not fit the solution.
    pub fn apply(&self, solution: &str) -> Result<String> {
        let wrong = |what: String| Error::of(Kind::Course, what);
        let patch = self.patch().map_err(wrong)?;
        diffy::apply(solution, &patch).map_err(|_| {
            wrong(format!(
                "it does not fit the solution: {}",
                missing(solution, &patch)
            ))
        })
    }

    /// Whether every line of it stands in the solution where the diff says it does.
    pub fn fits_exactly(&self, solution: &str) -> bool {
        let lines: Vec<&str> = solution.split_inclusive('\n').collect();
        self.patch().is_ok_and(|patch| {
            patch.hunks().iter().all(|hunk| {
                let first = hunk.old_range().start().saturating_sub(1);
                let old = old_lines(hunk);
                lines.get(first..first + old.len()) == Some(old.as_slice())
            })
        })
    }

    fn patch(&self) -> std::result::Result<Patch<'_, str>, String> {
        Patch::from_str(&self.diff).map_err(|error| format!("its diff cannot be read: {error}"))
    }
}

/// The lines that a hunk expects in the solution.
fn old_lines<'p>(hunk: &diffy::Hunk<'p, str>) -> Vec<&'p str> {
    let lines = hunk.lines().iter();
    lines
        .filter_map(|line| match line {
            Line::Context(text) | Line::Delete(text) => Some(*text),
            Line::Insert(_) => None,
        })
        .collect()
}

/// A line of the patch that the solution does not have, or the place of the first hunk that has none.
fn missing(solution: &str, patch: &Patch<'_, str>) -> String {
    for hunk in patch.hunks() {
        let wanted = old_lines(hunk);
        let lines: Vec<&str> = solution.split_inclusive('\n').collect();
        let stands = lines
            .windows(wanted.len().max(1))
            .any(|part| part == wanted);
        if stands {
            continue;
        }
        let gone = wanted.iter().find(|line| !lines.contains(line));
        let place = hunk.old_range().start();
        return match gone {
            Some(line) => format!("around line {place}, nothing reads `{}`", line.trim()),
            None => format!("the lines around {place} stand in another order"),
        };
    }
    "its parts are not in order".to_owned()
}

#[cfg(test)]
mod tests {
    use super::Mistake;

    const SOLUTION: &str = "one\ntwo\nthree\nfour\nfive\nsix\n";

    const PATCH: &str = "Caught by: a, b\nWhy it tempts: c\nAsk: d\n\n--- a/src/x.rs\n+++ b/src/x.rs\n@@ -2,3 +2,3 @@\n \
                         two\n-three\n+3\n four\n";

    #[test]
    fn a_patch_is_read_applied_and_written() {
        let mistake = Mistake::parse(PATCH);
        assert_eq!(mistake.head.caught_by, ["a", "b"]);
        assert_eq!(mistake.head.ask, "d");
        assert_eq!(mistake.encode(), PATCH);
        let answer = mistake.apply(SOLUTION).expect("it fits");
        assert_eq!(answer, SOLUTION.replace("three", "3"));
        assert!(mistake.fits_exactly(SOLUTION));
        assert!(!mistake.fits_exactly(&format!("zero\n{SOLUTION}")));
    }

    #[test]
    fn a_patch_that_does_not_fit_names_the_line() {
        let changed = SOLUTION.replace("four", "4");
        let error = Mistake::parse(PATCH)
            .apply(&changed)
            .expect_err("a line is gone");
        assert!(
            error
                .to_string()
                .contains("around line 2, nothing reads `four`"),
            "{error}"
        );
    }
}

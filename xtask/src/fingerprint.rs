//! Tells whether anything that a verdict rests on has changed.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::course::{Course, Exercise, Stage};
use crate::error::Result;
use crate::files::{self, FileSet};

/// A key for what all verdicts of the course rest on: the locked versions, the profiles and the support library.
///
/// # Errors
///
/// When a file cannot be read.
pub fn of_course(course: &Course) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    for name in ["Cargo.toml", "Cargo.lock"] {
        let path = course.root.join(name);
        if path.exists() {
            files::read(&path)?.hash(&mut hasher);
        }
    }
    let support = course.root.join("exercises").join("support");
    files::tree(&support, |name| name != "target")?.hash(&mut hasher);
    Ok(hasher.finish())
}

/// A key for what the verdict on `exercise` rests on. `files` are the stage's. Another exercise of the stage counts
/// only if this one's sources mention its name: an edit elsewhere leaves this verdict as it is.
pub fn of_exercise(course: u64, stage: &Stage, exercise: &Exercise, files: &FileSet) -> String {
    let mut hasher = DefaultHasher::new();
    course.hash(&mut hasher);
    exercise.test_seconds.hash(&mut hasher);
    let rests_on = neighbours(stage, exercise, files);
    for (path, text) in files {
        let counts = match stage.owner(path) {
            None => true,
            Some(owner) => rests_on.contains(&owner.name.as_str()),
        };
        if counts {
            (path, text).hash(&mut hasher);
        }
    }
    format!("{:016x}", hasher.finish())
}

/// The exercise itself and those of its stage that it may use, directly or through another: their names stand as
/// words in its sources. More than needed may be found, never less.
pub fn neighbours<'a>(stage: &'a Stage, exercise: &'a Exercise, files: &FileSet) -> Vec<&'a str> {
    let mut found = vec![exercise.name.as_str()];
    let mut next = 0;
    while let Some(name) = found.get(next).copied() {
        let paths = [format!("src/{name}.rs"), format!("tests/stage/{name}.rs")];
        for text in paths.iter().filter_map(|path| files.get(path)) {
            for other in &stage.exercises {
                let known = found.contains(&other.name.as_str());
                if !known && mentions(text, &other.name) {
                    found.push(&other.name);
                }
            }
        }
        next += 1;
    }
    found
}

/// Whether `name` stands in `text` as part of a path: `name::` or `::name`, which is how one module uses another.
fn mentions(text: &str, name: &str) -> bool {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(name).any(|(start, _)| {
        let (before, after) = (&text[..start], &text[start + name.len()..]);
        let whole = !before.ends_with(is_word) && !after.starts_with(is_word);
        // Inside the braces of a `use`, a name stands after a comma or a brace.
        let in_path =
            before.trim_end().ends_with(['{', ',', ':']) || after.trim_start().starts_with("::");
        whole && in_path
    })
}

#[cfg(test)]
mod tests {
    use super::mentions;

    #[test]
    fn a_module_is_mentioned_only_in_a_path() {
        for text in [
            "use crate::errors::ApiError;",
            "super::errors::f()",
            "use crate::{state, errors};",
        ] {
            assert!(mentions(text, "errors"), "{text}");
        }
        for text in [
            "let errors = 3;",
            "my_errors::f()",
            "errors.push(1)",
            "terrors::f()",
        ] {
            assert!(!mentions(text, "errors"), "{text}");
        }
    }
}

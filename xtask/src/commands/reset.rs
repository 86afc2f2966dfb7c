//! `cargo xtask reset`: what was handed out comes back, and the learner's file is kept.

use xtask_core::course::Course;
use xtask_core::desk::{self, Restored};
use xtask_core::error::Result;

use super::Ending;
use crate::terminal::wrapped;

/// Brings back the starter of an exercise, or with `tests` its tests (with a stage, all of its tests).
///
/// # Errors
///
/// When the name is wrong, or a file cannot be kept or written: then nothing is overwritten.
pub fn run(course: &Course, name: &str, tests: bool) -> Result<Ending> {
    let restored = if tests {
        desk::reset_tests(course, name)?
    } else {
        desk::reset(course, name)?
    };
    for one in &restored {
        println!("{}", wrapped(&words(one), ""));
    }
    if restored.is_empty() {
        let words = format!("The tests of `{name}` are as they were handed out.");
        println!("{}", wrapped(&words, ""));
    }
    Ok(Ending::Well)
}

fn words(restored: &Restored) -> String {
    match restored {
        Restored::Same { file } => format!("{file} is as it was handed out."),
        Restored::Kept { file, kept } => {
            format!("{file} is as it was handed out again. Yours is kept as {kept}.")
        }
        Restored::Back { file } => format!("{file} is back as it was handed out."),
        Restored::Foreign { file } => {
            format!("{file} was not handed out; it stays, and has no part in a verdict.")
        }
    }
}

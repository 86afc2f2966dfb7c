//! Words about exercises that have another name than in an earlier version of the course.

use std::fmt::Write;

use xtask_core::course::Course;
use xtask_core::desk::{Desk, Renamed};

use crate::terminal::wrapped;

/// Carries over what is remembered under earlier names, and answers what the learner should know of it.
pub fn words(desk: &Desk<'_>) -> String {
    let (renamed, warning) = desk.take_over();
    let mut out = String::new();
    for one in &renamed {
        let _ = writeln!(out, "\n{}", wrapped(&about(one), ""));
    }
    if let Some(warning) = warning {
        let _ = writeln!(out, "\nwarning: this could not be remembered: {warning}");
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

fn about(renamed: &Renamed) -> String {
    let now = renamed.now.join(" and ");
    let mut text = match renamed.now.len() {
        1 => format!("`{}` is called {now} now.", renamed.was),
        _ => format!("`{}` is {now} now.", renamed.was),
    };
    if renamed.carried {
        text += " Your progress came along.";
    }
    if let Some(left) = &renamed.left {
        let files = renamed.files.join(" or ");
        text += &format!(
            " The file that you wrote for it is still there, {left}, and has no part in any verdict: copy from it what \
             you need into {files}, check it, and then delete the old file."
        );
    }
    text
}

/// Says what an exercise is called now that was named by an earlier name.
pub fn print_called(course: &Course, name: &str) {
    if let [item] = course.now_called(name).as_slice() {
        eprintln!("`{name}` is called {} now.", item.id());
    }
}

//! The table for people.

use std::fmt::Write;

use console::measure_text_width;

use super::{LIMITS, NOTICES, explanation, isolation, legend, notices, passed_of};
use crate::results::{Learner, Points, Report, Standing};

pub fn write(report: &Report) -> String {
    let mut out = String::new();
    if let [learner] = report.learners.as_slice() {
        one(&mut out, report, learner);
    } else {
        class(&mut out, report);
    }
    let notices = notices(report);
    if !notices.is_empty() {
        let _ = writeln!(out, "\n{NOTICES}:\n{}", indented(&notices.join("\n")));
    }
    let _ = writeln!(out, "\n{}\n{LIMITS}", isolation(report));
    out
}

fn one(out: &mut String, report: &Report, learner: &Learner) {
    let _ = writeln!(out, "{} {}", learner.id, learner.name);
    if let Some(problem) = &learner.problem {
        let _ = writeln!(out, "not graded: {problem}");
    }
    let width = learner
        .exercises
        .iter()
        .map(|mark| mark.exercise.len())
        .max()
        .unwrap_or(0);
    for (mark, graded) in learner.exercises.iter().zip(&report.exercises) {
        let tests = if mark.tests.is_empty() {
            String::new()
        } else {
            passed_of(mark)
        };
        let _ = writeln!(
            out,
            "{} {:<width$}  {:>5} of {:<3}  {:<16}  {tests}",
            mark.status.sign(),
            mark.exercise,
            mark.points,
            graded.points,
            mark.status.words(),
        );
    }
    for mark in learner
        .exercises
        .iter()
        .filter(|mark| mark.status != Standing::Passed)
    {
        let why = explanation(mark);
        if !why.is_empty() {
            let _ = writeln!(out, "\n{}\n{}", mark.exercise, indented(&why));
        }
    }
    let _ = writeln!(out, "\n{} of {} points", learner.points, report.most());
}

fn indented(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("  {line}")).collect();
    lines.join("\n")
}

/// `1 point`, `3 points`.
fn counted(points: Points) -> String {
    let word = if points == Points::whole(1) {
        "point"
    } else {
        "points"
    };
    format!("{points} {word}")
}

fn class(out: &mut String, report: &Report) {
    let name = |learner: &Learner| {
        format!("{} {}", learner.id, learner.name)
            .trim_end()
            .to_owned()
    };
    let width = report
        .learners
        .iter()
        .map(|learner| measure_text_width(&name(learner)))
        .max()
        .unwrap_or(0);
    for (index, graded) in report.exercises.iter().enumerate() {
        let _ = writeln!(
            out,
            "{:>3}  {} ({})",
            index + 1,
            graded.exercise,
            counted(graded.points)
        );
    }
    let _ = writeln!(out);
    for learner in &report.learners {
        let name = name(learner);
        let padding = " ".repeat(width.saturating_sub(measure_text_width(&name)));
        let signs: String = learner
            .exercises
            .iter()
            .map(|mark| mark.status.sign())
            .collect();
        let rest = match &learner.problem {
            Some(problem) => format!("not graded: {problem}"),
            None => format!("{:>6} of {}  {signs}", learner.points, report.most()),
        };
        let _ = writeln!(out, "{name}{padding}  {rest}");
    }
    let _ = writeln!(out, "\n{}", legend());
}

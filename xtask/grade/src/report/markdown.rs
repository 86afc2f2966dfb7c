//! Markdown, for the summary of a CI step.

use std::fmt::Write;

use super::{LIMITS, NOTICES, explanation, isolation, legend, notices, passed_of};
use crate::results::{Learner, Report, Standing};

pub fn write(report: &Report) -> String {
    let mut out = String::new();
    if let [learner] = report.learners.as_slice() {
        one(&mut out, report, learner);
    } else {
        let _ = writeln!(
            out,
            "| learner | points | of | |\n| --- | ---: | ---: | --- |"
        );
        for learner in &report.learners {
            let signs: String = learner
                .exercises
                .iter()
                .map(|mark| mark.status.sign())
                .collect();
            let said = learner.problem.as_deref().unwrap_or(&signs);
            let name = format!("{} {}", learner.id, learner.name);
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} |",
                cell(&name),
                learner.points,
                report.most(),
                cell(said)
            );
        }
        let names: Vec<String> = report
            .exercises
            .iter()
            .map(|graded| format!("`{}`", graded.exercise))
            .collect();
        let _ = writeln!(out, "\nIn the last column: {}", names.join(", "));
        let _ = writeln!(out, "\n{}", cell(&legend()));
    }
    let notices = notices(report);
    if !notices.is_empty() {
        let _ = writeln!(out, "\n{NOTICES}:\n");
        for notice in notices {
            let _ = writeln!(out, "- {}", cell(&notice));
        }
    }
    let _ = writeln!(out, "\n<sub>{}<br>{LIMITS}</sub>", isolation(report));
    out
}

fn one(out: &mut String, report: &Report, learner: &Learner) {
    let _ = writeln!(out, "## {} of {} points\n", learner.points, report.most());
    if let Some(problem) = &learner.problem {
        let _ = writeln!(out, "Not graded: {}\n", cell(problem));
    }
    let _ = writeln!(
        out,
        "| exercise | points | | tests |\n| --- | ---: | --- | --- |"
    );
    for (mark, graded) in learner.exercises.iter().zip(&report.exercises) {
        let _ = writeln!(
            out,
            "| {} `{}` | {} of {} | {} | {} |",
            mark.status.sign(),
            mark.exercise,
            mark.points,
            graded.points,
            mark.status.words(),
            if mark.tests.is_empty() {
                String::new()
            } else {
                passed_of(mark)
            }
        );
    }
    for mark in learner
        .exercises
        .iter()
        .filter(|mark| mark.status != Standing::Passed)
    {
        let why = explanation(mark);
        if !why.is_empty() {
            let fence = fence(&why);
            let _ = writeln!(
                out,
                "\n<details><summary><code>{}</code></summary>\n\n{fence}text\n{why}\n{fence}\n\n</details>",
                mark.exercise
            );
        }
    }
}

/// A fence that the text cannot close.
fn fence(text: &str) -> String {
    let longest = text
        .split(|letter| letter != '`')
        .map(str::len)
        .max()
        .unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

/// A text as one cell: nothing in it is read as Markdown or HTML.
fn cell(text: &str) -> String {
    let mut out = String::new();
    for letter in text.trim().chars() {
        match letter {
            '\n' => out.push(' '),
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '!' | '~' => {
                out.push('\\');
                out.push(letter);
            }
            other => out.push(other),
        }
    }
    out
}

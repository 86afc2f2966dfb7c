//! Verdicts for a person, and for a program.

use std::fmt::Write;

use console::style;
use xtask_core::course::Item;
use xtask_core::engine::{Status, TestResult, Verdict};

use crate::terminal::wrapped;

/// How many errors or warnings of the compiler are shown at once.
const DIAGNOSTICS: usize = 3;

/// How many lines of what the code printed are shown.
const PRINTED_LINES: usize = 12;

/// How much of a verdict is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// The first failing test, and the names of the others: one thing at a time.
    First,
    /// Every failing test.
    Every,
}

/// One line: the exercise and how it stands.
pub fn headline(verdict: &Verdict, title: &str) -> String {
    let words = verdict.status.words();
    let (mark, words) = match verdict.status {
        Status::Passed => (style("✓").green(), style(words).green()),
        Status::NotStarted => (style("·").dim(), style(words).dim()),
        Status::Failed => (style("✗").yellow(), style(words).yellow()),
        Status::CompileError | Status::TimedOut => (style("✗").red(), style(words).red()),
    };
    format!(
        "{mark} {} · {title} · {words}",
        style(&verdict.exercise).bold()
    )
}

/// What a learner reads about one exercise.
pub fn text(item: &Item<'_>, verdict: &Verdict, detail: Detail) -> String {
    let mut out = headline(verdict, &item.exercise.title) + "\n";
    for note in &verdict.notes {
        let _ = writeln!(out, "\n{}", wrapped(note, "  "));
    }
    diagnostics(&mut out, verdict);
    let failures: Vec<&TestResult> = verdict.failures().collect();
    let shown = match detail {
        Detail::First => 1,
        Detail::Every => failures.len(),
    };
    for failure in failures.iter().take(shown) {
        let _ = write!(out, "\n{}", failed_test(failure));
    }
    if let Some(others) = failures.get(shown..)
        && !others.is_empty()
    {
        let passed = verdict.tests.len() - failures.len();
        let names: Vec<&str> = others.iter().map(|test| test.name.as_str()).collect();
        let line = format!(
            "{passed} of {} tests pass. After this one: {}",
            verdict.tests.len(),
            names.join(", ")
        );
        let _ = writeln!(out, "\n{}", style(wrapped(&line, "  ")).dim());
    }
    out
}

fn diagnostics(out: &mut String, verdict: &Verdict) {
    for diagnostic in verdict.diagnostics.iter().take(DIAGNOSTICS) {
        let _ = writeln!(out, "\n{}", diagnostic.rendered);
    }
    let more = verdict.diagnostics.len().saturating_sub(DIAGNOSTICS);
    if more > 0 {
        let _ = writeln!(
            out,
            "\n  and {more} more; the first is the one to mend first"
        );
    }
}

fn failed_test(test: &TestResult) -> String {
    let mut out = format!("  {} {}\n", style("✗").red(), style(&test.name).bold());
    if !test.sentence.is_empty() {
        let _ = writeln!(out, "{}", wrapped(&test.sentence, "    "));
    }
    let _ = writeln!(out);
    if let Some(failure) = &test.failure {
        for line in failure.lines() {
            let _ = writeln!(out, "    {line}");
        }
        if let Some(place) = &failure.place {
            let _ = writeln!(out, "    {} {place}", style("at").dim());
        }
        for line in &failure.statement {
            let _ = writeln!(out, "    {} {line}", style("│").dim());
        }
    }
    for panic in &test.other_panics {
        let head = format!("thread '{}' panicked at {}", panic.thread, panic.place);
        let _ = writeln!(out, "    {}", style(head).dim());
        for line in panic.message.lines() {
            let _ = writeln!(out, "    {} {line}", style("│").dim());
        }
    }
    if !test.printed.is_empty() {
        let _ = writeln!(out, "    {}", style("printed meanwhile:").dim());
        let lines: Vec<&str> = test.printed.lines().collect();
        for line in lines.iter().take(PRINTED_LINES) {
            let _ = writeln!(out, "    {} {line}", style("│").dim());
        }
        if lines.len() > PRINTED_LINES {
            let _ = writeln!(
                out,
                "    {} and {} more lines",
                style("│").dim(),
                lines.len() - PRINTED_LINES
            );
        }
    }
    out
}

/// Where to look next.
pub fn pointers(item: &Item<'_>) -> String {
    let id = item.id();
    let mut out = String::new();
    let rows = [
        ("open", item.stage.shown(&item.source())),
        ("tests", item.stage.shown(&item.tests_file())),
        ("lesson", format!("cargo xtask lesson {id}")),
        ("hint", format!("cargo xtask hint {id}")),
    ];
    for (word, text) in rows {
        let _ = writeln!(out, "  {:<7} {text}", style(word).cyan());
    }
    out
}

//! Verdicts for a person, and for a program.

use std::fmt::Write;

use console::style;
use serde_json::{Value, json};

use crate::course::Item;
use crate::engine::{Status, TestResult, TestStatus, Verdict};
use crate::terminal::wrapped;

/// How many errors or warnings of the compiler are shown at once.
const DIAGNOSTICS: usize = 3;

/// How many lines of what the code printed are shown.
const PRINTED_LINES: usize = 12;

/// How many lines of a failed statement are shown.
const STATEMENT_LINES: usize = 6;

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
        let _ = write!(out, "\n{}", failed_test(item, failure));
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
        let _ = writeln!(out, "\n{diagnostic}");
    }
    let more = verdict.diagnostics.len().saturating_sub(DIAGNOSTICS);
    if more > 0 {
        let _ = writeln!(
            out,
            "\n  and {more} more; the first is the one to mend first"
        );
    }
}

fn failed_test(item: &Item<'_>, failure: &TestResult) -> String {
    let mut out = format!("  {} {}\n", style("✗").red(), style(&failure.name).bold());
    if !failure.sentence.is_empty() {
        let _ = writeln!(out, "{}", wrapped(&failure.sentence, "    "));
    }
    let _ = writeln!(out);
    for line in message_lines(&failure.message) {
        let _ = writeln!(out, "    {line}");
    }
    if let Some(place) = &failure.location {
        let _ = writeln!(out, "    {} {place}", style("at").dim());
        for line in source_lines(item, place) {
            let _ = writeln!(out, "    {} {line}", style("│").dim());
        }
    }
    if !failure.printed.is_empty() {
        let _ = writeln!(out, "    {}", style("printed meanwhile:").dim());
        let lines: Vec<&str> = failure.printed.lines().collect();
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

/// The message of a failed assertion in a learner's words. Tests compare `assert_eq!(yours, expected)`.
pub fn message_lines(message: &str) -> Vec<String> {
    let equality = "assertion `left == right` failed";
    let is_equality = message.starts_with(equality);
    let mut lines = Vec::new();
    for line in message.lines() {
        let plain = line
            .strip_prefix(equality)
            .or_else(|| line.strip_prefix("not yet implemented"))
            .map(|rest| rest.trim_start_matches(": "));
        if let Some(rest) = plain {
            let text = if is_equality {
                rest.to_owned()
            } else {
                format!("not written yet: {rest}")
            };
            let text = text.trim_end_matches(": ").to_owned();
            if !text.is_empty() {
                lines.push(text);
            }
        } else if let Some(value) = line.strip_prefix("  left: ").filter(|_| is_equality) {
            lines.push(format!("came:     {value}"));
        } else if let Some(value) = line.strip_prefix(" right: ").filter(|_| is_equality) {
            lines.push(format!("expected: {value}"));
        } else {
            lines.push(line.to_owned());
        }
    }
    lines
}

/// The statement of source that begins at a place, as far as it is short.
fn source_lines(item: &Item<'_>, place: &str) -> Vec<String> {
    let statement = || {
        let (path, line) = place.rsplit_once(':')?;
        let first = line.parse::<usize>().ok()?.checked_sub(1)?;
        let root = item.stage.folder();
        let text = crate::files::read(&root.parent()?.parent()?.join(path)).ok()?;
        let lines: Vec<&str> = text.lines().skip(first).take(STATEMENT_LINES).collect();
        let indent_of = |line: &str| line.len() - line.trim_start().len();
        let indent = indent_of(lines.first()?);
        let inside = lines
            .iter()
            .take_while(|line| indent_of(line) >= indent)
            .count();
        let end = lines.iter().position(|line| line.ends_with(';'));
        let length = end.map_or(inside, |end| inside.min(end + 1));
        let dedent = |line: &&str| line.get(indent..).unwrap_or_default().to_owned();
        Some(lines.iter().take(length).map(dedent).collect())
    };
    statement().unwrap_or_default()
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

/// The documented JSON of verdicts.
pub fn json(verdicts: &[Verdict]) -> Value {
    let test = |test: &TestResult| {
        let message = match (&test.location, test.status) {
            (_, TestStatus::Passed) => String::new(),
            (Some(place), _) => format!("{}\nat {place}", test.message),
            (None, _) => test.message.clone(),
        };
        json!({"name": test.name, "status": test.status.id(), "message": message})
    };
    let exercise = |verdict: &Verdict| {
        let tests: Vec<Value> = verdict.tests.iter().map(test).collect();
        let mut entry =
            json!({"exercise": verdict.exercise, "status": verdict.status.id(), "tests": tests});
        if verdict.status == Status::CompileError {
            entry["diagnostics"] = json!(verdict.diagnostics);
        }
        if !verdict.notes.is_empty() {
            entry["notes"] = json!(verdict.notes);
        }
        entry
    };
    json!({"exercises": verdicts.iter().map(exercise).collect::<Vec<Value>>()})
}

#[cfg(test)]
mod tests {
    use super::message_lines;

    #[test]
    fn an_equality_says_what_came_and_what_was_expected() {
        let message = "assertion `left == right` failed: two lines\n  left: 1\n right: 2";
        assert_eq!(
            message_lines(message),
            ["two lines", "came:     1", "expected: 2"]
        );
        let bare = "assertion `left == right` failed\n  left: 1\n right: 2";
        assert_eq!(message_lines(bare), ["came:     1", "expected: 2"]);
    }

    #[test]
    fn other_messages_stay_as_they_are() {
        assert_eq!(
            message_lines("not yet implemented: add up"),
            ["not written yet: add up"]
        );
        assert_eq!(
            message_lines("no book\n  left: over"),
            ["no book", "  left: over"]
        );
    }
}

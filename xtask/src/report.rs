//! Verdicts for a person, and for a program.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use console::style;
use xtask_core::course::{Item, Stage};
use xtask_core::engine::{Diagnostic, Failure, Status, TestResult, TestStatus, Verdict};

use crate::terminal::{folded, hanging, harmless, inline, linked, look, width, wrapped};

/// How many lines of what the code printed are shown.
const PRINTED_LINES: usize = 12;

/// How much of a verdict is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// The first failing test or error, and the names of the others: one thing at a time.
    First,
    /// Every failing test and every error.
    Every,
}

/// One line: the exercise and how it stands.
pub fn headline(verdict: &Verdict, title: &str) -> String {
    let words = verdict.status.words();
    if look().plain {
        return format!("{}, {title}: {words}", verdict.exercise);
    }
    let (mark, words) = match verdict.status {
        Status::Passed => (style("✓").green(), style(words).green()),
        Status::NotStarted => (style("·").dim(), style(words).dim()),
        Status::Failed => (style("✗").yellow(), style(words).bold()),
        Status::CompileError | Status::TimedOut => (style("✗").red(), style(words).red()),
    };
    format!(
        "{mark} {} · {title} · {words}",
        style(&verdict.exercise).bold()
    )
}

/// What a learner reads about one exercise.
pub fn text(item: &Item<'_>, verdict: &Verdict, detail: Detail) -> String {
    let mut out = hanging(&headline(verdict, &item.exercise.title), "  ") + "\n";
    for note in &verdict.notes {
        let _ = writeln!(out, "\n{}", wrapped(&inline(note), "  "));
    }
    out.push_str(&changes(verdict, detail));
    let failures: Vec<&TestResult> = verdict.failures().collect();
    // A warning comes behind a test that fails: that one matters more.
    if failures.is_empty() {
        diagnostics(&mut out, verdict, detail);
    }
    let shown = match detail {
        Detail::First => 1,
        Detail::Every => failures.len(),
    };
    for failure in failures.iter().take(shown) {
        let _ = write!(out, "\n{}", failed_test(item.stage, failure));
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
    if !failures.is_empty() {
        diagnostics(&mut out, verdict, detail);
    }
    if let Some(known) = &verdict.diagnosis {
        let _ = writeln!(out, "\n{}", question(&known.ask));
    }
    out
}

/// Where signatures are not the starter's: the compiler would point into the tests, where nothing is wrong.
fn changes(verdict: &Verdict, detail: Detail) -> String {
    let shown = match detail {
        Detail::First => 2,
        Detail::Every => verdict.changed.len(),
    };
    let mut out = String::new();
    for one in verdict.changed.iter().take(shown) {
        let head = format!(
            "`{}` in {} is not as in the starter, and the tests are written for the starter's. Mend this first.",
            one.name, one.file
        );
        let side = |word: &str, text: &Option<String>| {
            let text = text.as_deref().unwrap_or("nothing like it");
            wrapped(&format!("{word} {text}"), "    ")
        };
        let _ = writeln!(
            out,
            "\n{}\n\n{}\n{}",
            wrapped(&head, "  "),
            side("the starter has", &one.starter),
            side("your file has", &one.yours)
        );
    }
    let more = verdict.changed.len().saturating_sub(shown);
    if more > 0 {
        let _ = writeln!(
            out,
            "\n  {}",
            style(format!("and {more} more that are not as in the starter")).dim()
        );
    }
    out
}

/// The question of a known mistake, set apart from what the tests say.
fn question(ask: &str) -> String {
    const HEAD: &str = "A known mistake fails in just this way. Ask yourself:";
    if look().plain {
        return wrapped(&format!("{HEAD} {ask}"), "  ");
    }
    const INDENT: &str = "    ";
    let head = wrapped(HEAD, INDENT);
    let ask = wrapped(&inline(ask), INDENT);
    let lines: Vec<String> = head
        .lines()
        .map(|line| style(line.trim_start()).bold().to_string())
        .chain(ask.lines().map(|line| line.trim_start().to_owned()))
        .map(|line| format!("  {} {line}", style("┃").magenta()))
        .collect();
    lines.join("\n")
}

fn diagnostics(out: &mut String, verdict: &Verdict, detail: Detail) {
    let is_in_tests = |one: &Diagnostic| {
        let place = one.place.as_deref().unwrap_or_default();
        place.contains("/tests/")
    };
    let changed = !verdict.changed.is_empty() && detail == Detail::First;
    if changed && verdict.diagnostics.iter().all(is_in_tests) {
        // What was changed is said, and in the tests nothing is wrong.
        return;
    }
    let shown = match detail {
        Detail::First => 1,
        Detail::Every => verdict.diagnostics.len(),
    };
    for diagnostic in verdict.diagnostics.iter().take(shown) {
        let words = diagnostic.place.is_none();
        let line = |line: &str| match words {
            true => wrapped(line, "  "),
            false => arrow_line(&calm(line)),
        };
        let lines: Vec<String> = diagnostic.rendered.lines().map(line).collect();
        let _ = writeln!(out, "\n{}", lines.join("\n"));
    }
    let more = verdict.diagnostics.len().saturating_sub(shown);
    if more > 0 {
        let words = if verdict.status == Status::CompileError {
            format!("and {more} more; mend this one first")
        } else {
            format!("and {more} more")
        };
        let _ = writeln!(out, "\n  {}", style(words).dim());
    }
}

/// The compiler's line with colours that can be read on a light ground, too: it uses bright
/// green, yellow and cyan, and white.
fn calm(line: &str) -> String {
    const CODES: [(&str, &str); 8] = [
        ("[92m", "[32m"),
        ("[93m", "[33m"),
        ("[96m", "[36m"),
        ("[97m", "[39m"),
        ("[38;5;10m", "[32m"),
        ("[38;5;11m", "[33m"),
        ("[38;5;14m", "[36m"),
        ("[38;5;15m", "[39m"),
    ];
    let mut line = line.to_owned();
    for (bright, calm) in CODES {
        line = line.replace(&format!("\u{1b}{bright}"), &format!("\u{1b}{calm}"));
    }
    line
}

/// A line that points to a place, such as `  --> exercises/01-logic/src/loops.rs:3:5`, with its path on lines of its own
/// where the terminal is too narrow for both.
fn arrow_line(line: &str) -> String {
    let plain = harmless(line);
    let fits = plain.chars().count() <= width();
    match plain.split_once("--> ") {
        Some((indent, path)) if !fits && indent.trim().is_empty() => {
            let pieces = folded(path, width().saturating_sub(indent.len() + 4));
            let below = format!("\n{indent}    ");
            format!("{indent}--> {}", pieces.join(&below))
        }
        _ => line.to_owned(),
    }
}

/// What stands before the lines of somebody else.
fn bar() -> String {
    if look().plain {
        " ".to_owned()
    } else {
        style("│").dim().to_string()
    }
}

fn failed_test(stage: &Stage, test: &TestResult) -> String {
    let plain = look().plain;
    let bar = bar();
    let mut out = if plain {
        format!("  Test: {}\n", test.name)
    } else {
        format!("  {} {}\n", style("✗").red(), style(&test.name).bold())
    };
    if !test.sentence.is_empty() {
        let _ = writeln!(out, "{}", wrapped(&inline(&test.sentence), "    "));
    }
    let _ = writeln!(out);
    if let Some(failure) = &test.failure {
        write_failure(&mut out, stage, failure);
    }
    for panic in &test.other_panics {
        let head = format!(
            "thread '{}' panicked at {}",
            harmless(&panic.thread),
            panic.place
        );
        let _ = writeln!(out, "{}", style(wrapped(&head, "    ")).dim());
        for line in harmless(&panic.message).lines() {
            let _ = writeln!(out, "    {bar} {line}");
        }
    }
    write_printed(&mut out, test);
    out
}

fn write_failure(out: &mut String, stage: &Stage, failure: &Failure) {
    let bar = bar();
    let says = failure.says.lines().count();
    for (index, line) in failure.lines().iter().enumerate() {
        for line in harmless(line).lines() {
            // Words are broken where the line ends; a value stands as it is.
            let line = if index < says {
                wrapped(line, "    ")
            } else {
                format!("    {line}")
            };
            let _ = writeln!(out, "{line}");
        }
    }
    if let Some(place) = &failure.place {
        let file = place
            .rsplit_once(':')
            .map_or(place.as_str(), |(file, _)| file);
        let file = stage.course_folder().join(file);
        let pieces = folded(place, width().saturating_sub(7));
        for (index, piece) in pieces.iter().enumerate() {
            let word = if index == 0 { "at" } else { "  " };
            let _ = writeln!(out, "    {} {}", style(word).dim(), linked(piece, &file));
        }
    }
    for line in &failure.statement {
        let _ = writeln!(out, "    {bar} {line}");
    }
}

fn write_printed(out: &mut String, test: &TestResult) {
    if test.printed.is_empty() {
        return;
    }
    let bar = bar();
    let _ = writeln!(out, "    {}", style("printed meanwhile:").dim());
    let printed = harmless(&test.printed);
    let lines: Vec<&str> = printed.lines().collect();
    for line in lines.iter().take(PRINTED_LINES) {
        let _ = writeln!(out, "    {bar} {line}");
    }
    if lines.len() > PRINTED_LINES {
        let more = lines.len() - PRINTED_LINES;
        let _ = writeln!(out, "    {bar} and {more} more lines");
    }
}

/// What the code printed in the tests that pass.
pub fn printed(verdict: &Verdict) -> String {
    let mut out = String::new();
    let passed = |test: &&TestResult| test.status == TestStatus::Passed;
    for test in verdict.tests.iter().filter(passed) {
        if !test.printed.is_empty() {
            let _ = writeln!(out, "\n  {}", style(&test.name).bold());
            write_printed(&mut out, test);
        }
    }
    if out.is_empty() {
        out.push_str("\n  Nothing was printed in the tests that pass.\n");
    }
    out
}

/// A word, and the file or the command that it stands for.
#[derive(Debug, Clone)]
pub struct Pointer {
    word: &'static str,
    text: String,
    file: Option<PathBuf>,
}

impl Pointer {
    pub fn file(word: &'static str, stage: &Stage, file: &Path) -> Self {
        Self {
            word,
            text: stage.shown(file),
            file: Some(file.to_owned()),
        }
    }

    pub fn command(word: &'static str, text: &str) -> Self {
        Self {
            word,
            text: text.to_owned(),
            file: None,
        }
    }
}

/// One line for each pointer, or several where a path is too long for one.
pub fn rows(pointers: &[Pointer]) -> String {
    const COLUMN: usize = 10;
    let mut out = String::new();
    for pointer in pointers {
        let shown = |piece: &String| match &pointer.file {
            Some(file) => linked(piece, file),
            None => piece.clone(),
        };
        let word = style(pointer.word).bold();
        if look().plain {
            let _ = writeln!(out, "  {}: {}", pointer.word, pointer.text);
        } else if pointer.text.chars().count() + COLUMN <= width() {
            let _ = writeln!(out, "  {word:<7} {}", shown(&pointer.text));
        } else {
            let _ = writeln!(out, "  {word}");
            let pieces = match pointer.file {
                Some(_) => folded(&pointer.text, width().saturating_sub(4)),
                None => vec![pointer.text.clone()],
            };
            for piece in &pieces {
                let _ = writeln!(out, "    {}", shown(piece));
            }
        }
    }
    out
}

/// A verdict and where to look next. Where there are only so many rows, what is said first stays on the screen: the keys
/// of a watch stand for most of the pointers, and the end of a long text is left out.
pub fn fitted(text: &str, item: &Item<'_>, rows: Option<usize>) -> String {
    /// The name of the exercise and the beginning of what is wrong with it.
    const FEWEST: usize = 6;
    let whole = format!("{text}\n{}", pointers(item));
    let Some(room) = rows.filter(|rows| rows_of(&whole) > *rows) else {
        return whole;
    };
    let open = self::rows(&[Pointer::file("open", item.stage, &item.source())]);
    let short = format!("{text}\n{open}");
    if rows_of(&short) <= room {
        return short;
    }
    let more = wrapped(
        &format!("… the rest: `cargo xtask check {}`", item.id()),
        "  ",
    );
    let around = rows_of(&open) + rows_of(&more) + 1;
    let room = room.saturating_sub(around).max(FEWEST);
    let mut taken = 0;
    let fits = |line: &&str| {
        taken += rows_of(line).max(1);
        taken <= room
    };
    let kept: Vec<&str> = text.lines().take_while(fits).collect();
    let kept = kept.join("\n");
    format!("{}\n{}\n\n{open}", kept.trim_end(), style(more).dim())
}

/// How many rows of the screen a text takes; the terminal breaks a line that is too long.
fn rows_of(text: &str) -> usize {
    let rows = |line: &str| harmless(line).chars().count().div_ceil(width()).max(1);
    text.lines().map(rows).sum()
}

/// Where to look next.
pub fn pointers(item: &Item<'_>) -> String {
    let id = item.id();
    rows(&[
        Pointer::file("open", item.stage, &item.source()),
        Pointer::file("tests", item.stage, &item.tests_file()),
        Pointer::command("lesson", &format!("cargo xtask lesson {id}")),
        Pointer::command("hint", &format!("cargo xtask hint {id}")),
    ])
}

//! Reads what a test program says: how the test ended, which panics there were, and what the code printed.

use std::process::ExitStatus;

use super::verdict::{Failure, Panic, TestStatus};
use crate::process::Outcome;

/// How much of what a test printed is kept for the reader.
const PRINTED_CHARS: usize = 4000;

/// What the end of a test means.
#[derive(Debug)]
pub struct Reading {
    pub status: TestStatus,
    pub failure: Option<Failure>,
    pub other_panics: Vec<Panic>,
    pub printed: String,
}

impl Reading {
    fn of(status: TestStatus, failure: Option<Failure>) -> Self {
        Self {
            status,
            failure,
            other_panics: Vec::new(),
            printed: String::new(),
        }
    }

    /// A test that did not pass, and why.
    pub fn words(status: TestStatus, message: &str) -> Self {
        Self::of(status, Some(Failure::words(message)))
    }

    /// A test of which nobody knows how it would have ended, and why.
    pub fn not_known(message: &str) -> Self {
        Self::of(TestStatus::TimedOut, Some(Failure::not_known(message)))
    }
}

/// What a program means that has ended by itself.
pub fn read_exit(path: &str, status: ExitStatus, outcome: &Outcome) -> Reading {
    let summary = outcome
        .stdout
        .lines()
        .rev()
        .find(|line| line.starts_with("test result: "));
    let failed = |message| Reading::words(TestStatus::Failed, message);
    match summary {
        Some(line)
            if status.success() && line.starts_with("test result: ok. 1 passed; 0 failed;") =>
        {
            Reading::of(TestStatus::Passed, None)
        }
        Some(_) if status.success() => failed(
            "the test did not run: it is missing from the test program, or marked `#[ignore]`",
        ),
        None if status.success() => failed(
            "the program ended with exit code 0 in the middle of the test: does the code call `std::process::exit`?",
        ),
        _ => read_failure(path, status, &outcome.stderr),
    }
}

fn read_failure(path: &str, status: ExitStatus, stderr: &str) -> Reading {
    if stderr.contains("has overflowed its stack") {
        return Reading::words(
            TestStatus::Failed,
            "the stack overflowed: a function calls itself without coming to an end",
        );
    }
    if stderr.lines().any(is_out_of_memory) {
        return Reading::words(
            TestStatus::Failed,
            "the memory was used up: look for a collection that grows without end, or for something large that is held whole",
        );
    }
    let panics = split(stderr).panics;
    match ending(path, &panics) {
        Some(panic) => {
            let failure = Failure::of_panic(&panic.message, &panic.place);
            Reading::of(TestStatus::Failed, Some(failure))
        }
        None => {
            let last: Vec<&str> = stderr.lines().rev().take(5).collect();
            let tail: Vec<&str> = last.into_iter().rev().collect();
            let message = format!("the test program ended with {status}\n{}", tail.join("\n"));
            Reading::words(TestStatus::Failed, message.trim_end())
        }
    }
}

/// What the standard library says before it ends a program that is given no more memory.
fn is_out_of_memory(line: &str) -> bool {
    line.starts_with("memory allocation of ") && line.ends_with(" bytes failed")
}

/// The panic that ended the test: the last one of the test's own thread, because a test may catch others; or else the
/// first one of all.
fn ending<'p>(path: &str, panics: &'p [Panic]) -> Option<&'p Panic> {
    let own = panics.iter().rev().find(|panic| panic.thread == path);
    own.or(panics.first())
}

/// Adds what was printed, and the panics besides the one that ended the test.
pub fn read_output(path: &str, outcome: &Outcome, reading: &mut Reading) {
    let Split { panics, printed } = split(&outcome.stderr);
    if reading.status != TestStatus::Passed {
        let is_failure = ending(path, &panics).filter(|_| {
            let failure = reading.failure.as_ref();
            failure.is_some_and(|failure| failure.place.is_some())
        });
        let others = panics
            .iter()
            .filter(|panic| is_failure.is_none_or(|failure| !std::ptr::eq(*panic, failure)));
        reading.other_panics = others.cloned().collect();
    }
    let out = printed_on_stdout(path, &outcome.stdout);
    let both = format!("{}\n{printed}", out.trim_end());
    let both = both.trim();
    reading.printed = match both.char_indices().nth(PRINTED_CHARS) {
        None => both.to_owned(),
        Some((end, _)) => format!("{}\n[more was printed]", &both[..end]),
    };
}

/// Standard error, taken apart.
struct Split {
    panics: Vec<Panic>,
    printed: String,
}

/// A panic's head is `thread 'NAME' (ID) panicked at PATH:LINE:COLUMN:` behind an empty line; its message stands on the
/// lines below. The first message ends at a note. Where a later one ends is not marked: a comparison ends with its
/// right side, and everything else with the next empty line or the next head.
fn split(stderr: &str) -> Split {
    let mut panics: Vec<Panic> = Vec::new();
    let mut printed: Vec<&str> = Vec::new();
    let mut lines = stderr.lines().peekable();
    while let Some(line) = lines.next() {
        let Some((thread, place)) = panic_head(line) else {
            printed.push(line);
            continue;
        };
        if printed.last().is_some_and(|line| line.is_empty()) {
            printed.pop();
        }
        let has_note = panics.is_empty();
        let mut message: Vec<&str> = Vec::new();
        while let Some(next) = lines.peek() {
            let is_note = next.starts_with("note: run with `RUST_BACKTRACE");
            if is_note {
                lines.next();
                break;
            }
            let ends = panic_head(next).is_some() || (!has_note && next.is_empty());
            if ends {
                break;
            }
            message.push(next);
            let is_right_side = next.starts_with(" right: ");
            lines.next();
            let note_follows = lines
                .peek()
                .is_some_and(|next| next.starts_with("note: run with `RUST_BACKTRACE"));
            if is_right_side && !has_note && !note_follows {
                break;
            }
        }
        panics.push(Panic {
            thread: thread.to_owned(),
            message: message.join("\n").trim_end().to_owned(),
            place: without_column(place),
        });
    }
    Split {
        panics,
        printed: printed.join("\n"),
    }
}

/// The thread and the place of a panic's head.
fn panic_head(line: &str) -> Option<(&str, &str)> {
    let rest = line.strip_prefix("thread '")?;
    let (thread, rest) = rest.split_once('\'')?;
    let (between, place) = rest.split_once(" panicked at ")?;
    let is_head = between.is_empty() || (between.starts_with(" (") && between.ends_with(')'));
    (is_head && place.ends_with(':')).then_some((thread, place))
}

/// `src/a.rs:12` of `src/a.rs:12:5:`.
fn without_column(place: &str) -> String {
    let place = place.trim_end_matches(':');
    let line = place.rsplit_once(':').map_or(place, |(line, _)| line);
    line.replace('\\', "/")
}

/// Standard output without the harness's own lines.
fn printed_on_stdout<'o>(path: &str, stdout: &'o str) -> &'o str {
    let opening = format!("test {path} ... ");
    let out = stdout.split_once(&opening).map_or("", |(_, rest)| rest);
    let out = ["\nfailures:\n", "\ntest result: "]
        .iter()
        .filter_map(|closing| out.find(closing))
        .min()
        .map_or(out, |end| &out[..end]);
    let out = out.trim_end();
    out.strip_suffix("ok")
        .or_else(|| out.strip_suffix("FAILED"))
        .unwrap_or(out)
}

#[cfg(test)]
mod tests {
    use super::{ending, split};

    const STDERR: &str = "\
before

thread 'tokio-rt-worker' (12) panicked at src/other.rs:3:9:
a worker failed
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
between

thread 'variables::totals' (13) panicked at src/variables.rs:4:1:
caught on purpose

after the caught one

thread 'variables::totals' (13) panicked at exercises/01-logic/tests/stage/variables.rs:14:5:
assertion `left == right` failed: two lines
  left: 1
 right: 2
after
";

    #[test]
    fn the_last_panic_of_the_tests_own_thread_ended_it() {
        let panics = split(STDERR).panics;
        let panic = ending("variables::totals", &panics).expect("there is a panic");
        assert_eq!(
            panic.place,
            "exercises/01-logic/tests/stage/variables.rs:14"
        );
        assert!(panic.message.ends_with("  left: 1\n right: 2"), "{panic:?}");
        assert_eq!(panics.len(), 3);
        assert_eq!(panics[0].thread, "tokio-rt-worker");
        assert_eq!(panics[1].message, "caught on purpose");
    }

    #[test]
    fn without_one_the_first_panic_counts() {
        let panics = split(STDERR).panics;
        let panic = ending("variables::others", &panics).expect("there is a panic");
        assert_eq!(panic.message, "a worker failed");
    }

    #[test]
    fn what_is_printed_before_between_and_after_panics_is_kept() {
        let printed = split(STDERR).printed;
        assert_eq!(printed, "before\nbetween\n\nafter the caught one\nafter");
    }

    #[test]
    fn a_line_that_only_looks_like_a_head_is_printed_text() {
        let split = split("thread 'a' says it panicked at noon\n");
        assert!(split.panics.is_empty());
    }
}

//! Runs the tests of an exercise, one process a test, and reads what each one says.

use std::num::NonZero;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::guard::{Guard, Start};
use super::process::{Cancel, End, Limits, Outcome, run_with_input};
use super::verdict::{TestResult, TestStatus};
use crate::course::Test;
use crate::error::{Error, Result};

/// What one test may print. More is a loop that prints without end.
const OUTPUT_BYTES: usize = 8 * 1024 * 1024;

/// How much of what a test printed is kept for the reader.
const PRINTED_CHARS: usize = 4000;

/// A built test program and the place it runs in.
#[derive(Debug, Clone, Copy)]
pub struct Program<'a> {
    pub binary: &'a Path,
    /// The working folder, as cargo would choose it: the package's.
    pub folder: &'a Path,
    /// The root of the workspace, against which the program's paths are written.
    pub workspace: &'a Path,
}

const NO_TIME_LEFT: &str = "the time for the whole submission was used up";

const NOT_PROVED: &str = "the test program claims success, but the test never came to its end: the code under test \
                          ended the program or wrote a forged result";

/// One test to run: the module is the exercise's name.
#[derive(Debug, Clone)]
pub struct Case {
    pub module: String,
    pub test: Test,
    pub seconds: u16,
}

/// Runs every case, as many at a time as the machine has cores, and answers in the order of the cases. A test that came
/// to its time limit because others had the processors is run again by itself. `None` when it was cancelled.
///
/// # Errors
///
/// When the program cannot be started.
pub fn run_all(
    program: Program<'_>,
    cases: &[Case],
    guard: Option<&dyn Guard>,
    cancel: &Cancel,
    done: impl Fn(usize) + Sync,
) -> Result<Option<Vec<TestResult>>> {
    let next = AtomicUsize::new(0);
    let finished = AtomicUsize::new(0);
    let results = Mutex::new(vec![None; cases.len()]);
    let failure = Mutex::new(None);
    let cores = thread::available_parallelism().map_or(2, NonZero::get);
    let workers = guard.map_or(cores, Guard::workers).max(1);
    thread::scope(|scope| {
        for _ in 0..workers.min(cases.len()) {
            scope.spawn(|| {
                while let Some(index) = Some(next.fetch_add(1, Ordering::Relaxed))
                    && let Some(case) = cases.get(index)
                    && !cancel.is_cancelled()
                {
                    match run_one(program, case, guard, cancel) {
                        Ok(result) => lock(&results)[index] = result,
                        Err(error) => *lock(&failure) = Some(error),
                    }
                    done(finished.fetch_add(1, Ordering::Relaxed) + 1);
                }
            });
        }
    });
    match failure.into_inner() {
        Ok(None) => {}
        Ok(Some(error)) => return Err(error),
        Err(_) => return Err(Error::new("a test could not be watched")),
    }
    let mut settled = Vec::new();
    for (case, ran) in cases.iter().zip(lock(&results).drain(..)) {
        let ran = match ran {
            Some(ran) if ran.starved && cases.len() > 1 => run_one(program, case, guard, cancel)?,
            other => other,
        };
        settled.push(ran.map(|ran| ran.result));
    }
    Ok(settled.into_iter().collect())
}

/// What came of one run of a test.
#[derive(Debug, Clone)]
struct Ran {
    result: TestResult,
    /// It was stopped at its time limit, and did not have the processors to come to its end.
    starved: bool,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn run_one(
    program: Program<'_>,
    case: &Case,
    guard: Option<&dyn Guard>,
    cancel: &Cancel,
) -> Result<Option<Ran>> {
    let path = format!("{}::{}", case.module, case.test.name);
    let mut command = Command::new(program.binary);
    command
        .args([&path, "--exact", "--nocapture", "--test-threads=1"])
        .current_dir(program.folder)
        .env("CARGO_MANIFEST_DIR", program.folder)
        .env("INSTA_WORKSPACE_ROOT", program.workspace)
        .env("INSTA_UPDATE", "no")
        .env("INSTA_FORCE_PASS", "0")
        .env("NO_COLOR", "1")
        .env("RUST_BACKTRACE", "0");
    let usual = Duration::from_secs(case.seconds.into());
    let time = guard.map_or(usual, |guard| guard.test_time(usual));
    let limits = Limits {
        time: Some(time),
        output: OUTPUT_BYTES,
    };
    let fail = |cause| Error::file(program.binary, cause);
    let start = match guard {
        Some(guard) => guard.start(command).map_err(fail)?,
        None => Start {
            command,
            stdin: Stdio::null(),
            proved: Box::new(|| true),
        },
    };
    let outcome =
        run_with_input(start.command, start.stdin, limits, cancel, |_| ()).map_err(fail)?;
    let proved = (start.proved)();
    let mut reading = match &outcome.end {
        End::Cancelled => return Ok(None),
        End::TimedOut if time < usual => Reading::plain(TestStatus::TimedOut, NO_TIME_LEFT),
        End::TimedOut => Reading::plain(TestStatus::TimedOut, timed_out(case.seconds)),
        End::TooMuchOutput => Reading::plain(TestStatus::Failed, too_much_output()),
        End::Exited(status) => read_exit(&path, *status, &outcome),
    };
    if reading.status == TestStatus::Passed && !proved {
        reading = Reading::plain(TestStatus::Failed, NOT_PROVED);
    }
    let result = TestResult {
        name: case.test.name.clone(),
        sentence: case.test.sentence.clone(),
        status: reading.status,
        message: reading.message,
        location: reading.location,
        printed: printed(&path, &outcome),
    };
    // Without the time that is usual, another run would not have it either.
    let starved = outcome.starved && time == usual;
    Ok(Some(Ran { result, starved }))
}

/// What the end of a test means.
struct Reading {
    status: TestStatus,
    message: String,
    location: Option<String>,
}

impl Reading {
    fn plain(status: TestStatus, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            location: None,
        }
    }
}

fn timed_out(seconds: u16) -> String {
    format!(
        "the test was stopped after {seconds} s: look for a loop that never ends, or two sides that wait for each other"
    )
}

fn too_much_output() -> String {
    let limit = OUTPUT_BYTES / (1024 * 1024);
    format!(
        "the test was stopped after it had printed {limit} MiB: look for a loop that prints without end"
    )
}

fn read_exit(path: &str, status: ExitStatus, outcome: &Outcome) -> Reading {
    let summary = outcome
        .stdout
        .lines()
        .rev()
        .find(|line| line.starts_with("test result: "));
    match summary {
        Some(line)
            if status.success() && line.starts_with("test result: ok. 1 passed; 0 failed;") =>
        {
            Reading::plain(TestStatus::Passed, "")
        }
        Some(_) if status.success() => Reading::plain(
            TestStatus::Failed,
            "the test did not run: it is missing from the test program, or marked `#[ignore]`",
        ),
        None if status.success() => Reading::plain(
            TestStatus::Failed,
            "the program ended with exit code 0 in the middle of the test: does the code call `std::process::exit`?",
        ),
        _ => read_failure(path, status, &outcome.stderr),
    }
}

fn read_failure(path: &str, status: ExitStatus, stderr: &str) -> Reading {
    if stderr.contains("has overflowed its stack") {
        return Reading::plain(
            TestStatus::Failed,
            "the stack overflowed: a function calls itself without coming to an end",
        );
    }
    match panic_of(path, stderr) {
        Some(panic) => Reading {
            status: TestStatus::Failed,
            message: panic.message,
            location: Some(panic.location),
        },
        None => {
            let last: Vec<&str> = stderr.lines().rev().take(5).collect();
            let tail: Vec<&str> = last.into_iter().rev().collect();
            let message = format!("the test program ended with {status}\n{}", tail.join("\n"));
            Reading::plain(TestStatus::Failed, message.trim_end())
        }
    }
}

struct Panic {
    message: String,
    location: String,
}

/// The panic that failed the test: that of the test's own thread, or else the first one. Its head is
/// `thread 'NAME' (ID) panicked at PATH:LINE:COLUMN:`, its message stands on the lines below.
fn panic_of(path: &str, stderr: &str) -> Option<Panic> {
    let lines: Vec<&str> = stderr.lines().collect();
    let heads: Vec<usize> = (0..lines.len())
        .filter(|&index| is_panic_head(lines[index]))
        .collect();
    let own = format!("thread '{path}'");
    let head = heads
        .iter()
        .find(|&&index| lines[index].starts_with(&own))
        .or(heads.first())?;
    let (_, place) = lines[*head].split_once("panicked at ")?;
    let message: Vec<&str> = lines[head + 1..]
        .iter()
        .copied()
        .take_while(|line| {
            !line.starts_with("note: run with `RUST_BACKTRACE") && !is_panic_head(line)
        })
        .collect();
    Some(Panic {
        message: message.join("\n").trim_end().to_owned(),
        location: without_column(place),
    })
}

fn is_panic_head(line: &str) -> bool {
    line.starts_with("thread '") && line.contains("panicked at ")
}

/// `src/a.rs:12` of `src/a.rs:12:5:`.
fn without_column(place: &str) -> String {
    let place = place.trim_end_matches(':');
    let line = place.rsplit_once(':').map_or(place, |(line, _)| line);
    line.replace('\\', "/")
}

/// What the code under test printed: standard output without the harness's own lines, then what came on standard
/// error before the panic.
fn printed(path: &str, outcome: &Outcome) -> String {
    let opening = format!("test {path} ... ");
    let out = outcome
        .stdout
        .split_once(&opening)
        .map_or("", |(_, rest)| rest);
    let out = ["\nfailures:\n", "\ntest result: "]
        .iter()
        .filter_map(|closing| out.find(closing))
        .min()
        .map_or(out, |end| &out[..end]);
    let out = out.trim_end();
    let out = out
        .strip_suffix("ok")
        .or_else(|| out.strip_suffix("FAILED"))
        .unwrap_or(out);
    let err: Vec<&str> = outcome
        .stderr
        .lines()
        .take_while(|line| !is_panic_head(line))
        .collect();
    let both = format!("{}\n{}", out.trim_end(), err.join("\n"));
    let both = both.trim();
    match both.char_indices().nth(PRINTED_CHARS) {
        None => both.to_owned(),
        Some((end, _)) => format!("{}\n[more was printed]", &both[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::panic_of;

    const STDERR: &str = "\
thread 'tokio-rt-worker' (12) panicked at src/other.rs:3:9:
a worker failed
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace

thread 'variables::totals' (13) panicked at exercises/01-logic/tests/stage/variables.rs:14:5:
assertion `left == right` failed: two lines
  left: 1
 right: 2
";

    #[test]
    fn the_panic_of_the_tests_own_thread_is_the_one_that_counts() {
        let panic = panic_of("variables::totals", STDERR).expect("there is a panic");
        assert_eq!(
            panic.location,
            "exercises/01-logic/tests/stage/variables.rs:14"
        );
        assert!(
            panic.message.ends_with("  left: 1\n right: 2"),
            "{}",
            panic.message
        );
    }

    #[test]
    fn without_it_the_first_panic_counts() {
        let panic = panic_of("variables::others", STDERR).expect("there is a panic");
        assert_eq!(panic.message, "a worker failed");
    }
}

//! Runs the tests of an exercise, one process a test.

use std::num::NonZero;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::guard::{Guard, Start};
use super::held::held;
use super::reading::{Reading, read_exit, read_output};
use super::verdict::{TestResult, TestStatus};
use crate::course::Test;
use crate::error::{Error, Kind, Result};
use crate::process::{Cancel, End, Limits, run_with_input};

/// What one test may print. More is a loop that prints without end.
const OUTPUT_BYTES: usize = 8 * 1024 * 1024;

/// After so many tests of an exercise that were stopped at their time limit, its other tests are not tried.
const HANGS: usize = 2;

/// A built test program and the place it runs in.
#[derive(Debug, Clone, Copy)]
pub struct Program<'a> {
    pub binary: &'a Path,
    /// The working folder, as cargo would choose it: the package's.
    pub folder: &'a Path,
    /// The root of the workspace, against which the program's paths are written.
    pub workspace: &'a Path,
    /// Its tests are held by this process.
    pub holding: bool,
}

const NO_TIME_LEFT: &str = "the time for the whole submission was used up";

const NOT_TRIED: &str =
    "not tried: other tests of this exercise did not come to an end, and this one counts like them";

const NOT_WAITED_FOR: &str =
    "it did not come to an end within 2 s, and another test fails already: that one first";

/// How long a test is waited for at first, when only the first failure is wanted.
const GRACE: Duration = Duration::from_secs(2);

const NOT_PROVED: &str = "the test program claims success, but the test never came to its end: the code under test \
                          ended the program or wrote a forged result";

/// One test to run: the module is the exercise's name.
#[derive(Debug, Clone)]
pub struct Case {
    pub module: String,
    pub test: Test,
    pub limit: Duration,
}

impl Case {
    /// The path by which the test program knows the test.
    pub fn path(&self) -> String {
        format!("{}::{}", self.module, self.test.name)
    }
}

/// The call that runs one test and shows what it prints.
pub fn command(program: Program<'_>, case: &Case) -> Command {
    let mut command = Command::new(program.binary);
    command
        .args([&case.path(), "--exact", "--nocapture", "--test-threads=1"])
        .current_dir(program.folder)
        .env("CARGO_MANIFEST_DIR", program.folder)
        .env("INSTA_WORKSPACE_ROOT", program.workspace)
        .env("INSTA_UPDATE", "no")
        .env("INSTA_FORCE_PASS", "0")
        .env("NO_COLOR", "1")
        .env("RUST_BACKTRACE", "0");
    if program.holding {
        held(command)
    } else {
        command
    }
}

/// How tests are run.
pub struct Manner<'a> {
    pub guard: Option<&'a dyn Guard>,
    pub cancel: &'a Cancel,
    /// Only the first failure is wanted: once it is known, a test that hangs is not waited for.
    pub impatient: bool,
}

/// Runs every case, as many at a time as the machine has cores, and answers in the order of the cases. A test that came
/// to its time limit because others had the processors is run again by itself.
///
/// Under a guard every test has a short time at first. What needs longer is started anew when all the others are done,
/// so that exercises that hang keep nobody waiting.
///
/// # Errors
///
/// When the program cannot be started, or it was called off.
pub fn run_all(
    program: Program<'_>,
    cases: &[Case],
    manner: &Manner<'_>,
    done: impl Fn(usize) + Sync,
) -> Result<Vec<TestResult>> {
    done(0);
    let finished = AtomicUsize::new(0);
    let count = || done(finished.fetch_add(1, Ordering::Relaxed) + 1);
    let cores = thread::available_parallelism().map_or(2, NonZero::get);
    let workers = manner.guard.map_or(cores, Guard::workers).max(1);
    let mut results: Vec<Option<Ran>> = vec![None; cases.len()];
    if manner.guard.is_some() || manner.impatient {
        first_tries(program, cases, manner, workers, &mut results, &count)?;
    }
    whole_tries(program, cases, manner, workers, &mut results, &count)?;
    let mut settled = Vec::new();
    for (case, ran) in cases.iter().zip(results) {
        let ran = match ran {
            Some(ran) if ran.end == RanEnd::Starved && cases.len() > 1 => {
                run_one(program, case, manner, case.limit)?
            }
            other => other,
        };
        settled.push(ran.map(|ran| ran.result));
    }
    let whole: Option<Vec<TestResult>> = settled.into_iter().collect();
    whole.ok_or_else(Error::cancelled)
}

/// Gives every test a short time. What needs longer stays open, unless only the first failure is wanted and known.
fn first_tries(
    program: Program<'_>,
    cases: &[Case],
    manner: &Manner<'_>,
    workers: usize,
    results: &mut [Option<Ran>],
    count: &(impl Fn() + Sync),
) -> Result<()> {
    let all: Vec<usize> = (0..cases.len()).collect();
    let tried = side_by_side(workers, &all, manner.cancel, |index| {
        let case = &cases[index];
        let at_first = manner
            .guard
            .map_or(GRACE.min(case.limit), |guard| guard.first_time(case.limit));
        let ran = run_one(program, case, manner, at_first)?;
        Ok(ran
            .filter(|ran| ran.end != RanEnd::Cut)
            .inspect(|_| count()))
    })?;
    for (index, ran) in tried {
        results[index] = ran;
    }
    let fails = |ran: &Ran| ran.result.status == TestStatus::Failed;
    if manner.impatient && results.iter().flatten().any(fails) {
        for (case, open) in cases.iter().zip(results) {
            if open.is_none() {
                *open = Some(Ran::not_tried(case, NOT_WAITED_FOR));
                count();
            }
        }
    }
    Ok(())
}

/// Gives every test that is open its whole time, until enough tests of its exercise have hung.
fn whole_tries(
    program: Program<'_>,
    cases: &[Case],
    manner: &Manner<'_>,
    workers: usize,
    results: &mut [Option<Ran>],
    count: &(impl Fn() + Sync),
) -> Result<()> {
    let open: Vec<usize> = (0..cases.len())
        .filter(|index| results[*index].is_none())
        .collect();
    let hangs: Mutex<Vec<usize>> = Mutex::default();
    let has_hung = |index: usize, hangs: &[usize]| {
        let same = |other: &&usize| cases[**other].module == cases[index].module && **other < index;
        hangs.iter().filter(same).count() >= HANGS
    };
    let ran = side_by_side(workers, &open, manner.cancel, |index| {
        let case = &cases[index];
        let ran = if has_hung(index, &lock(&hangs)) {
            Some(Ran::not_tried(case, NOT_TRIED))
        } else {
            run_one(program, case, manner, case.limit)?
        };
        if ran.as_ref().is_some_and(|ran| ran.end == RanEnd::Hung) {
            lock(&hangs).push(index);
        }
        count();
        Ok(ran)
    })?;
    // However many were running side by side, the same ones count.
    let hangs = hangs
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    for (index, ran) in ran {
        results[index] = match ran {
            Some(_) if has_hung(index, &hangs) => Some(Ran::not_tried(&cases[index], NOT_TRIED)),
            other => other,
        };
    }
    Ok(())
}

/// Does a job for each index, so many at a time, and answers what came of each that was not called off.
fn side_by_side<T: Send>(
    workers: usize,
    indices: &[usize],
    cancel: &Cancel,
    job: impl Fn(usize) -> Result<T> + Sync,
) -> Result<Vec<(usize, T)>> {
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    let failure = Mutex::new(None);
    thread::scope(|scope| {
        for _ in 0..workers.min(indices.len()) {
            scope.spawn(|| {
                while let Some(index) = indices.get(next.fetch_add(1, Ordering::Relaxed))
                    && !cancel.is_cancelled()
                {
                    match job(*index) {
                        Ok(result) => lock(&results).push((*index, result)),
                        Err(error) => *lock(&failure) = Some(error),
                    }
                }
            });
        }
    });
    match failure.into_inner() {
        Ok(None) => {}
        Ok(Some(error)) => return Err(error),
        Err(_) => return Err(Error::of(Kind::System, "a test could not be watched")),
    }
    let found = std::mem::take(&mut *lock(&results));
    Ok(found)
}

/// What came of one run of a test.
#[derive(Debug, Clone)]
struct Ran {
    result: TestResult,
    end: RanEnd,
}

/// How one run of a test ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RanEnd {
    /// By itself, or because of what it did.
    Done,
    /// At its time limit.
    Hung,
    /// At its time limit, without the processors to come to its end.
    Starved,
    /// Before its time limit: it was given less.
    Cut,
}

impl Ran {
    fn not_tried(case: &Case, why: &str) -> Self {
        let reading = Reading::not_known(why);
        Self {
            result: result_of(case, reading),
            end: RanEnd::Done,
        }
    }
}

fn result_of(case: &Case, reading: Reading) -> TestResult {
    TestResult {
        name: case.test.name.clone(),
        sentence: case.test.sentence.clone(),
        status: reading.status,
        failure: reading.failure,
        other_panics: reading.other_panics,
        printed: reading.printed,
        forged: false,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn run_one(
    program: Program<'_>,
    case: &Case,
    manner: &Manner<'_>,
    most: Duration,
) -> Result<Option<Ran>> {
    let command = command(program, case);
    let guard = manner.guard;
    let usual = case.limit;
    let time = guard
        .map_or(usual, |guard| guard.test_time(usual))
        .min(most);
    let limits = Limits {
        time: Some(time),
        output: OUTPUT_BYTES,
    };
    let fail = |cause| Error::file(program.binary, cause);
    let start = match guard {
        Some(guard) => guard.start(command).map_err(fail)?,
        None => Start {
            command,
            path: None,
            stdin: Stdio::null(),
            proved: Box::new(|| true),
        },
    };
    let path = start.path.unwrap_or_else(|| case.path());
    let outcome = run_with_input(start.command, start.stdin, limits, manner.cancel, |_, _| ())
        .map_err(fail)?;
    let proved = (start.proved)();
    let mut reading = match &outcome.end {
        End::Cancelled => return Ok(None),
        End::TimedOut if time < usual => Reading::not_known(NO_TIME_LEFT),
        End::TimedOut => Reading::words(TestStatus::TimedOut, &timed_out(usual)),
        End::TooMuchOutput => Reading::words(TestStatus::Failed, &too_much_output()),
        End::Exited(status) => read_exit(&path, *status, &outcome),
    };
    let forged = reading.status == TestStatus::Passed && !proved;
    if forged {
        reading = Reading::words(TestStatus::Failed, NOT_PROVED);
    }
    read_output(&path, &outcome, &mut reading);
    let end = match &outcome.end {
        End::TimedOut if time < usual => RanEnd::Cut,
        End::TimedOut if outcome.starved => RanEnd::Starved,
        End::TimedOut => RanEnd::Hung,
        End::Cancelled | End::TooMuchOutput | End::Exited(_) => RanEnd::Done,
    };
    let result = TestResult {
        forged,
        ..result_of(case, reading)
    };
    Ok(Some(Ran { result, end }))
}

fn timed_out(limit: Duration) -> String {
    let seconds = limit.as_secs_f64();
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

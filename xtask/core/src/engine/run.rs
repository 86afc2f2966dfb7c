//! Runs the tests of an exercise, one process a test.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::guard::{Guard, Start};
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
}

const NO_TIME_LEFT: &str = "the time for the whole submission was used up";

const NOT_TRIED: &str =
    "not tried: other tests of this exercise did not come to an end, and this one counts like them";

const NOT_WAITED_FOR: &str =
    "not waited for: it did not come to an end, and the first failure was known by then";

/// How often it is looked whether the first failure is known.
const LOOK: Duration = Duration::from_millis(100);

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
    /// How the test program calls the test.
    fn path(&self) -> String {
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
    command
}

/// How long others are waited for once the first failure is known, when that is all that is wanted.
const GRACE: Duration = Duration::from_secs(2);

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
/// # Errors
///
/// When the program cannot be started, or it was called off.
pub fn run_all(
    program: Program<'_>,
    cases: &[Case],
    manner: &Manner<'_>,
    done: impl Fn(usize) + Sync,
) -> Result<Vec<TestResult>> {
    let Manner {
        guard,
        cancel,
        impatient,
    } = *manner;
    let next = AtomicUsize::new(0);
    let finished = AtomicUsize::new(0);
    let results = Mutex::new(vec![None; cases.len()]);
    let hangs: Mutex<BTreeMap<&str, usize>> = Mutex::default();
    let failure = Mutex::new(None);
    let running: Mutex<BTreeMap<usize, (Instant, Cancel)>> = Mutex::default();
    let cores = thread::available_parallelism().map_or(2, NonZero::get);
    let workers = guard.map_or(cores, Guard::workers).max(1);
    let work = &|| {
        while let Some(index) = Some(next.fetch_add(1, Ordering::Relaxed))
            && let Some(case) = cases.get(index)
            && !cancel.is_cancelled()
        {
            let hung = lock(&hangs).get(case.module.as_str()).copied();
            if hung.is_some_and(|hung| hung >= HANGS) {
                lock(&results)[index] = Some(Ran::not_tried(case, NOT_TRIED));
            } else {
                let part = cancel.part();
                lock(&running).insert(index, (Instant::now(), part.clone()));
                let ran = run_one(program, case, guard, &part);
                lock(&running).remove(&index);
                match ran {
                    Ok(None) if !cancel.is_cancelled() => {
                        *lock(&hangs).entry(&case.module).or_default() += HANGS;
                        lock(&results)[index] = Some(Ran::not_tried(case, NOT_WAITED_FOR));
                    }
                    Ok(ran) => {
                        let timed_out = ran.as_ref().is_some_and(Ran::hung);
                        let weight = if impatient { HANGS } else { 1 };
                        *lock(&hangs).entry(&case.module).or_default() +=
                            usize::from(timed_out) * weight;
                        lock(&results)[index] = ran;
                    }
                    Err(error) => *lock(&failure) = Some(error),
                }
            }
            done(finished.fetch_add(1, Ordering::Relaxed) + 1);
        }
    };
    thread::scope(|scope| {
        let (ends, all_ended) = channel::<()>();
        for _ in 0..workers.min(cases.len()) {
            let ends = ends.clone();
            scope.spawn(move || {
                work();
                drop(ends);
            });
        }
        drop(ends);
        while impatient && all_ended.recv_timeout(LOOK) != Err(RecvTimeoutError::Disconnected) {
            if is_settled(&lock(&results)) {
                let late = lock(&running);
                let late = late.values().filter(|(begun, _)| begun.elapsed() > GRACE);
                late.for_each(|(_, part)| part.cancel());
            }
        }
    });
    match failure.into_inner() {
        Ok(None) => {}
        Ok(Some(error)) => return Err(error),
        Err(_) => return Err(Error::of(Kind::System, "a test could not be watched")),
    }
    let mut settled = Vec::new();
    for (case, ran) in cases.iter().zip(lock(&results).drain(..)) {
        let ran = match ran {
            Some(ran) if ran.starved && cases.len() > 1 => run_one(program, case, guard, cancel)?,
            other => other,
        };
        settled.push(ran.map(|ran| ran.result));
    }
    let whole: Option<Vec<TestResult>> = settled.into_iter().collect();
    whole.ok_or_else(Error::cancelled)
}

/// What came of one run of a test.
#[derive(Debug, Clone)]
struct Ran {
    result: TestResult,
    /// It was stopped at its time limit, and did not have the processors to come to its end.
    starved: bool,
}

impl Ran {
    fn not_tried(case: &Case, why: &str) -> Self {
        let reading = Reading::words(TestStatus::TimedOut, why);
        Self {
            result: result_of(case, reading),
            starved: false,
        }
    }

    fn hung(&self) -> bool {
        self.result.status == TestStatus::TimedOut && !self.starved
    }
}

/// Whether the first failure is known: every test before it has passed.
fn is_settled(results: &[Option<Ran>]) -> bool {
    let mut ended = results.iter().map_while(Option::as_ref);
    ended.any(|ran| ran.result.status != TestStatus::Passed)
}

fn result_of(case: &Case, reading: Reading) -> TestResult {
    TestResult {
        name: case.test.name.clone(),
        sentence: case.test.sentence.clone(),
        status: reading.status,
        failure: reading.failure,
        other_panics: reading.other_panics,
        printed: reading.printed,
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
    guard: Option<&dyn Guard>,
    cancel: &Cancel,
) -> Result<Option<Ran>> {
    let path = case.path();
    let command = command(program, case);
    let usual = case.limit;
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
        run_with_input(start.command, start.stdin, limits, cancel, |_, _| ()).map_err(fail)?;
    let proved = (start.proved)();
    let mut reading = match &outcome.end {
        End::Cancelled => return Ok(None),
        End::TimedOut if time < usual => Reading::words(TestStatus::TimedOut, NO_TIME_LEFT),
        End::TimedOut => Reading::words(TestStatus::TimedOut, &timed_out(usual)),
        End::TooMuchOutput => Reading::words(TestStatus::Failed, &too_much_output()),
        End::Exited(status) => read_exit(&path, *status, &outcome),
    };
    if reading.status == TestStatus::Passed && !proved {
        reading = Reading::words(TestStatus::Failed, NOT_PROVED);
    }
    read_output(&path, &outcome, &mut reading);
    // Without the time that is usual, another run would not have it either.
    let starved = outcome.starved && time == usual;
    let result = result_of(case, reading);
    Ok(Some(Ran { result, starved }))
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

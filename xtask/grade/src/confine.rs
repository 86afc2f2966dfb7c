//! The engine's guard: starts compilers and tests in the sandbox, and hears whether a test came to its end.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use xtask_core::course::PROFILE;
use xtask_core::engine::{Guard, Start};
use xtask_core::error::{Error, Kind, Result};

use crate::sandbox::{COMPILER, Measures, Policy, TEST};

/// How many bytes the number has that proves the end of a test.
const PROOF_BYTES: usize = 32;

/// The largest file that a test may write, in bytes.
const TEST_FILE: u64 = 64 * 1024 * 1024;

/// How much a test may write in all, in bytes, where it has namespaces of its own.
const TEST_FOLDER: u64 = 256 * 1024 * 1024;

/// The largest file that a compiler may write, in bytes.
const COMPILER_FILE: u64 = 1024 * 1024 * 1024;

/// Far more than a test's wall clock leaves to it; it counts only where nobody else stops the test.
const TEST_PROCESSOR_SECONDS: u64 = 600;

/// What a program of the system needs to start and to know the time and the names of hosts.
const SYSTEM_READS: [&str; 12] = [
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/usr/share/zoneinfo",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
];

/// Where compilers and linkers are. Not all of `/usr` and `/etc`: a course may lie in `/usr/src`, and what a compiler can
/// read it can show in a message.
const COMPILER_RUNS: [&str; 15] = [
    "/bin",
    "/lib",
    "/lib32",
    "/lib64",
    "/usr/bin",
    "/usr/include",
    "/usr/lib",
    "/usr/lib32",
    "/usr/lib64",
    "/usr/libexec",
    "/usr/local/bin",
    "/usr/local/lib",
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/nix/store",
];

/// The limits of one grading.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Processor seconds of one compiler.
    pub compile: u64,
    /// Seconds for everything of one submission.
    pub submission: u64,
    /// Bytes of memory for one test.
    pub test_memory: u64,
    /// Bytes of memory for one compiler.
    pub compile_memory: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            compile: 60,
            submission: 600,
            test_memory: 1024 * MIB,
            compile_memory: 3072 * MIB,
        }
    }
}

/// Where things lie for one lane of the grading.
#[derive(Debug, Clone)]
pub struct Places {
    /// The grader's own program.
    pub grade: PathBuf,
    /// The lane's target folder, with the overlay in it.
    pub target: PathBuf,
    /// A folder for the tests' temporary folders.
    pub temporary: PathBuf,
    /// Where the toolchain lies.
    pub toolchain: Vec<PathBuf>,
}

impl Places {
    /// Where cargo puts what it has built.
    pub fn built(&self) -> PathBuf {
        self.target.join(PROFILE)
    }

    /// Where compilers and linkers put what nobody else reads.
    fn scratch(&self) -> PathBuf {
        self.target.join("tmp")
    }
}

/// The guard of one lane.
pub struct Confined {
    places: Places,
    bounds: Bounds,
    measures: Measures,
    workers: usize,
    /// Files that tests may read.
    fixtures: Mutex<Vec<PathBuf>>,
    deadline: Mutex<Option<Instant>>,
}

impl Confined {
    pub fn new(places: Places, bounds: Bounds, measures: Measures, workers: usize) -> Self {
        Self {
            places,
            bounds,
            measures,
            workers,
            fixtures: Mutex::default(),
            deadline: Mutex::default(),
        }
    }

    /// From now on everything together may take so long; `None` is without end, and without limits on a build.
    pub fn set_deadline(&self, time: Option<Duration>) {
        *lock(&self.deadline) = time.map(|time| Instant::now() + time);
    }

    /// From now on tests may read these files.
    pub fn set_fixtures(&self, fixtures: Vec<PathBuf>) {
        *lock(&self.fixtures) = fixtures;
    }

    /// What is left of the time; `None` is without end.
    pub fn left(&self) -> Option<Duration> {
        let deadline = *lock(&self.deadline);
        deadline.map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// What a compiler may use, before it is known which part of a package it reads.
    fn compiler_policy(&self) -> Policy {
        let mut runs: Vec<PathBuf> = COMPILER_RUNS.iter().map(PathBuf::from).collect();
        runs.extend(self.places.toolchain.iter().cloned());
        Policy {
            reads: Vec::new(),
            runs,
            starts: Vec::new(),
            writes: vec![self.places.built(), self.places.scratch()],
            memory: self.bounds.compile_memory,
            processor_seconds: self.bounds.compile,
            file_bytes: COMPILER_FILE,
            folder_bytes: 0,
            // A compiler starts a linker, and what it reads and writes is its own folder.
            measures: Measures {
                files: self.measures.files,
                ..Measures::default()
            },
        }
    }
}

/// What a test may use, before its own program, folder and files are known.
pub fn test_policy(bounds: Bounds, measures: Measures) -> Policy {
    Policy {
        reads: SYSTEM_READS.iter().map(PathBuf::from).collect(),
        runs: Vec::new(),
        starts: dynamic_loaders(),
        writes: Vec::new(),
        memory: bounds.test_memory,
        processor_seconds: TEST_PROCESSOR_SECONDS,
        file_bytes: TEST_FILE,
        folder_bytes: TEST_FOLDER,
        measures,
    }
}

/// The kernel starts a program by its loader.
fn dynamic_loaders() -> Vec<PathBuf> {
    let folders = ["/lib", "/lib64", "/usr/lib", "/usr/lib64"];
    let mut found = Vec::new();
    for folder in folders {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let is_loader = |name: &std::ffi::OsStr| name.to_string_lossy().starts_with("ld-");
        found.extend(
            entries
                .filter(|entry| is_loader(&entry.file_name()))
                .map(|entry| entry.path()),
        );
    }
    found
}

impl Guard for Confined {
    fn prepare_build(&self, cargo: &mut Command) {
        for folder in [self.places.built(), self.places.scratch()] {
            // When it cannot be made, the compiler says so.
            let _ = std::fs::create_dir_all(&folder);
        }
        let policy = serde_json::to_string(&self.compiler_policy()).unwrap_or_default();
        cargo
            .env("RUSTC_WORKSPACE_WRAPPER", &self.places.grade)
            .env(COMPILER, policy)
            .env("TMPDIR", self.places.scratch());
    }

    fn build_time(&self) -> Option<Duration> {
        // Several compilers and a linker run in one build; a processor second takes longer on a busy machine.
        let most = Duration::from_secs(self.bounds.compile.saturating_mul(4));
        self.left().map(|left| left.min(most))
    }

    fn inspect(&self, artifacts: &[PathBuf]) -> Result<()> {
        let overlay = self.places.target.join("xtask").join("overlay");
        // A stage's program is linked to a place of its own. It is made of the course's `main.rs` and the library, which
        // is looked at here.
        let is_part =
            |path: &&PathBuf| path.parent().is_some_and(|folder| folder.ends_with("deps"));
        for artifact in artifacts.iter().filter(is_part) {
            check_read_files(artifact, &overlay)?;
        }
        Ok(())
    }

    fn test_time(&self, usual: Duration) -> Duration {
        self.left().map_or(usual, |left| left.min(usual))
    }

    fn workers(&self) -> usize {
        self.workers
    }

    fn start(&self, test: Command) -> io::Result<Start> {
        let program = Path::new(test.get_program());
        let folder = tempfile::Builder::new()
            .prefix("test-")
            .tempdir_in(&self.places.temporary)?;
        let mut policy = test_policy(self.bounds, self.measures);
        policy.writes.push(folder.path().to_owned());
        policy.reads.extend(lock(&self.fixtures).iter().cloned());
        let policy = serde_json::to_string(&policy).map_err(io::Error::other)?;
        let mut command = Command::new(&self.places.grade);
        command
            .arg(TEST)
            .arg(policy)
            .arg(program)
            .args(test.get_args());
        command.env_clear();
        let kept = test
            .get_envs()
            .filter_map(|(name, value)| Some((name, value?)));
        command
            .envs(kept)
            .env("TMPDIR", folder.path())
            .env("HOME", folder.path())
            .env("LANG", "C.UTF-8")
            .env("TZ", "UTC");
        if let Some(place) = test.get_current_dir() {
            command.current_dir(place);
        }
        let (ours, theirs) = UnixStream::pair()?;
        let mut number = [0_u8; PROOF_BYTES];
        File::open("/dev/urandom")?.read_exact(&mut number)?;
        (&ours).write_all(&number)?;
        Ok(Start {
            command,
            stdin: Stdio::from(OwnedFd::from(theirs)),
            proved: Box::new(move || {
                let proved = is_proved(&ours, &number);
                drop(folder);
                proved
            }),
        })
    }
}

/// Whether the number came back, and nothing else. The process is gone: what it sent is there, or will never be.
fn is_proved(ours: &UnixStream, number: &[u8; PROOF_BYTES]) -> bool {
    let mut answer = [0_u8; PROOF_BYTES + 1];
    let mut length = 0;
    if ours.set_nonblocking(true).is_err() {
        return false;
    }
    while length < answer.len() {
        match (&*ours).read(&mut answer[length..]) {
            Ok(count) if count > 0 => length += count,
            _ => break,
        }
    }
    answer[..length] == number[..]
}

/// The compiler notes every file that it has read, `include!` and its like among them. What was made of the stage's
/// package may rest on the package's own files only, and its library not on the tests.
fn check_read_files(artifact: &Path, overlay: &Path) -> Result<()> {
    let name = artifact.file_name().map(|name| name.to_string_lossy());
    let Some(name) = name else {
        return Ok(());
    };
    let stem = name.split('.').next().unwrap_or_default();
    let is_library = name.ends_with(".rlib") || name.ends_with(".rmeta");
    let stem = if is_library {
        stem.trim_start_matches("lib")
    } else {
        stem
    };
    let notes = artifact.with_file_name(format!("{stem}.d"));
    let text = std::fs::read_to_string(&notes).map_err(|cause| Error::file(&notes, cause))?;
    let own = overlay.join("judged").join("exercises");
    for path in read_files(&text) {
        let path = plain(&overlay.join(path));
        let below = path.strip_prefix(&own).ok();
        let mut parts = below.into_iter().flat_map(Path::components).skip(1);
        let inside = parts.next();
        let is_test = inside.is_some_and(|part| part.as_os_str() == "tests");
        if inside.is_none() || (is_library && is_test) {
            let words = format!(
                "while it is compiled, the code reads the file {}; a solution consists of its own source files only",
                path.display()
            );
            return Err(Error::of(Kind::ForeignRead, words));
        }
    }
    Ok(())
}

/// The files that a `.d` file names: `made: read read…`, with a backslash before a space in a name.
fn read_files(text: &str) -> Vec<PathBuf> {
    let rules = text.lines().filter(|line| !line.starts_with('#'));
    let mut found = Vec::new();
    for (_, read) in rules.filter_map(|line| line.split_once(": ")) {
        let whole = read.replace("\\ ", "\0");
        let names = whole.split(' ').filter(|name| !name.is_empty());
        found.extend(names.map(|name| PathBuf::from(name.replace('\0', " "))));
    }
    found
}

/// The path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                out.pop();
            }
            std::path::Component::CurDir => {}
            other => out.push(other),
        }
    }
    out
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::{check_read_files, read_files};
    use std::path::PathBuf;

    #[test]
    fn a_build_may_rest_on_its_own_package_only() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let overlay = folder.path().join("overlay");
        let check = |made: &str, read: &str| {
            let stem = made
                .trim_start_matches("lib")
                .split('.')
                .next()
                .unwrap_or_default();
            let notes = folder.path().join(format!("{stem}.d"));
            std::fs::write(&notes, format!("{made}: {read}\n\n# env-dep:X=1\n")).expect("writable");
            check_read_files(&folder.path().join(made), &overlay)
        };
        let source = "judged/exercises/01-logic/src/lib.rs";
        let test = "judged/exercises/01-logic/tests/stage/main.rs";
        assert!(check("liblogic-1.rlib", source).is_ok());
        assert!(check("stage-1", test).is_ok());
        assert!(check("liblogic-1.rlib", &format!("{source} {test}")).is_err());
        assert!(
            check(
                "liblogic-1.rlib",
                "judged/exercises/01-logic/src/../../../../secret.rs"
            )
            .is_err()
        );
        assert!(check("stage-1", &format!("{test} /etc/passwd")).is_err());
    }

    #[test]
    fn names_with_spaces_are_read_whole() {
        let found = read_files("made: a\\ b.rs c.rs\n\na\\ b.rs:\nc.rs:\n");
        assert_eq!(found, [PathBuf::from("a b.rs"), PathBuf::from("c.rs")]);
    }
}

//! The engine's guard: starts compilers and tests in the sandbox, and hears whether a test came to its end.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use xtask_core::course::PROFILE;
use xtask_core::engine::{Guard, JUDGED, Start};
use xtask_core::error::{Error, Kind, Result};

use crate::dep_info::DepInfo;
use crate::disk::BUILD;
use crate::instrument::Names;
use crate::sandbox::{COMPILER, Measures, Policy, TEST, ending_with_the_grader};

/// How many bytes the number has that proves the end of a test.
const PROOF_BYTES: usize = 32;

/// The largest file that a test may write, in bytes.
const TEST_FILE: u64 = 64 * 1024 * 1024;

/// How much a test may write in all, in bytes, where it has namespaces of its own.
const TEST_FOLDER: u64 = 256 * 1024 * 1024;

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
    /// What tests are called.
    names: Names,
    /// Files that tests may read.
    fixtures: Mutex<Vec<PathBuf>>,
    deadline: Mutex<Option<Instant>>,
    package: Mutex<Package>,
}

/// The package that is compiled.
#[derive(Debug, Default)]
struct Package {
    /// Its folder's name.
    folder: String,
    /// The files that it consists of, by their path below its folder.
    files: BTreeSet<String>,
}

impl Confined {
    pub fn new(
        places: Places,
        bounds: Bounds,
        measures: Measures,
        workers: usize,
        names: Names,
    ) -> Self {
        Self {
            places,
            bounds,
            measures,
            workers,
            names,
            fixtures: Mutex::default(),
            deadline: Mutex::default(),
            package: Mutex::default(),
        }
    }

    /// From now on this package is compiled, of these files and of no others.
    pub fn set_package<'f>(&self, folder: &str, files: impl Iterator<Item = &'f String>) {
        *lock(&self.package) = Package {
            folder: folder.to_owned(),
            files: files.cloned().collect(),
        };
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
            file_bytes: BUILD,
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
        *cargo = ending_with_the_grader(&self.places.grade, cargo);
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
            lock(&self.package).check(artifact, &overlay)?;
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
        command.arg(TEST).arg(policy).arg(program);
        // The test and what is judged can read how they were called.
        let mut words = test.get_args();
        let known = words.next().unwrap_or_default();
        let path = self.names.path(&known.to_string_lossy());
        command.arg(&path).args(words);
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
            path: Some(path),
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

/// What a package knows of itself; every other variable is the grader's.
fn is_the_packages(variable: &str) -> bool {
    let whole = [
        "CARGO_CRATE_NAME",
        "CARGO_MANIFEST_DIR",
        "CARGO_MANIFEST_PATH",
    ];
    variable.starts_with("CARGO_PKG_") || whole.contains(&variable)
}

impl Package {
    /// Compares what the compiler says that it has read with what was handed to it: the files of the package, and for the
    /// library without the tests. A library that stages share is the course's, and reads where it likes in the overlay.
    fn check(&self, artifact: &Path, overlay: &Path) -> Result<()> {
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
        let foreign = |what: String| {
            let words = format!(
                "while it is compiled, the code reads {what}; a solution consists of its own source files only"
            );
            Error::of(Kind::ForeignRead, words)
        };
        let read =
            DepInfo::read(&text).map_err(|what| foreign(format!("what cannot be told: {what}")))?;
        let judged = overlay.join(JUDGED).join("exercises");
        let own = judged.join(&self.folder);
        let files: Vec<PathBuf> = read
            .files
            .iter()
            .map(|path| plain(&overlay.join(path)))
            .collect();
        let is_shared = !files.iter().any(|path| path.starts_with(&own));
        let is_allowed = |path: &Path| {
            if is_shared {
                return path.starts_with(&judged);
            }
            let inside = path.strip_prefix(&own).ok().and_then(Path::to_str);
            inside.is_some_and(|inside| {
                self.files.contains(inside) && !(is_library && inside.starts_with("tests/"))
            })
        };
        if let Some(path) = files.iter().find(|path| !is_allowed(path)) {
            return Err(foreign(format!("the file {}", path.display())));
        }
        let mut variables = read.variables.iter();
        match variables.find(|name| is_library && !is_shared && !is_the_packages(name)) {
            Some(name) => Err(foreign(format!("the variable {name}"))),
            None => Ok(()),
        }
    }
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
    use std::path::PathBuf;

    use super::Package;

    #[test]
    fn a_build_may_rest_on_what_was_handed_in_only() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let overlay = folder.path().join("over lay");
        let own = [
            "src/lib.rs",
            "src/a.rs",
            "src/given.sql",
            "tests/stage/main.rs",
        ];
        let package = Package {
            folder: "01-logic".into(),
            files: own.map(String::from).into(),
        };
        let check = |made: &str, read: &[&str], notes: &str| {
            let stem = made
                .trim_start_matches("lib")
                .split('.')
                .next()
                .unwrap_or_default();
            let rule = read.join(" ");
            let path: PathBuf = folder.path().join(format!("{stem}.d"));
            let text = format!("/w\\ x/{made}: {rule}\n\n{}:\n\n{notes}", read.join(":\n"));
            std::fs::write(path, text).expect("writable");
            package.check(&folder.path().join(made), &overlay).is_ok()
        };
        const LIBRARY: &str = "judged/exercises/01-logic/src/lib.rs";
        const TESTS: &str = "judged/exercises/01-logic/tests/stage/main.rs";
        let own = "# env-dep:CARGO_PKG_NAME=logic\n";
        assert!(check(
            "liblogic-1.rlib",
            &[LIBRARY, "judged/exercises/01-logic/src/given.sql"],
            own
        ));
        assert!(
            check("stage-1", &[TESTS], "# env-dep:HOME=/root\n"),
            "the tests are the course's"
        );
        assert!(check(
            "libsupport-1.rlib",
            &["judged/exercises/support/src/lib.rs"],
            ""
        ));
        assert!(
            !check("liblogic-1.rlib", &[LIBRARY, TESTS], ""),
            "the tests"
        );
        for read in [
            "judged/exercises/01-logic/src/../../../../secret.rs",
            "judged/exercises/01-logic/src/left_by_another.rs",
            "judged/exercises/02-data/src/lib.rs",
            "judged/exercises/support/src/lib.rs",
            "/etc/passwd",
            "src/a\n.rs",
        ] {
            assert!(!check("liblogic-1.rlib", &[LIBRARY, read], ""), "{read}");
            assert!(!check("stage-1", &[TESTS, read], ""), "{read}");
        }
        for name in [
            "CARGO_HTTP_PROXY=http://me:secret@x",
            "HOME=/root",
            "CARGO_HOME=/x",
            "TOKEN",
        ] {
            let note = format!("# env-dep:{name}\n");
            assert!(!check("liblogic-1.rlib", &[LIBRARY], &note), "{name}");
        }
    }
}

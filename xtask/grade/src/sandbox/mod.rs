//! Confinement: the grader starts itself again in the place of a compiler or a test, takes away what the program must
//! not have, and then becomes that program.
//!
//! Everything here is done by the new process to itself, between its start and its `exec`, so that no code has to run
//! between a fork and an exec.

#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod files;
mod isolation;
mod level;
mod limits;
#[cfg(target_os = "linux")]
mod namespaces;

use std::error::Error;
use std::ffi::OsString;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use serde::{Deserialize, Serialize};
use xtask_core::process::started_by;

pub use isolation::{Held, Isolation, Measures};
pub use level::Level;

/// The first argument of a start that becomes a test.
pub const TEST: &str = "__test";
/// The first argument of a start that tries what it can still do, instead of becoming anything.
pub const PROBE: &str = "__probe";
/// The first argument of a start that holds namespaces for the tests.
pub const NAMESPACES: &str = "__namespaces";
/// The first argument of a start that becomes cargo.
const BUILD: &str = "__build";
/// The variable that holds the policy of a start that becomes a compiler.
pub const COMPILER: &str = "GRADE_COMPILER_POLICY";

/// What a compiler needs to know of the package and of the language of its reader. Not all of `CARGO_`: a registry's token
/// and a proxy's password are among those.
const COMPILER_PREFIXES: [&str; 4] = ["CARGO_PKG_", "CARGO_BIN_", "CARGO_MANIFEST_", "LC_"];

/// What a compiler and a linker need to find themselves and each other.
const COMPILER_VARIABLES: [&str; 15] = [
    "CARGO",
    "CARGO_CRATE_NAME",
    "CARGO_HOME",
    "CARGO_PRIMARY_PACKAGE",
    "CARGO_TARGET_TMPDIR",
    "CC",
    "HOME",
    "LANG",
    "LD_LIBRARY_PATH",
    "OUT_DIR",
    "PATH",
    "RUSTUP_HOME",
    "RUSTUP_TOOLCHAIN",
    "RUST_MIN_STACK",
    "TMPDIR",
];

/// The exit code of a start that could not become what it should.
const FAILED: u8 = 125;

/// What a program may use.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Policy {
    /// Files and folders that it may read.
    pub reads: Vec<PathBuf>,
    /// Files and folders that it may read and run.
    pub runs: Vec<PathBuf>,
    /// Programs that it may become.
    pub starts: Vec<PathBuf>,
    /// Files and folders that it may read and change. In namespaces of its own they are empty folders at first.
    pub writes: Vec<PathBuf>,
    /// Bytes that all files together may have in a folder of its own.
    pub folder_bytes: u64,
    /// Bytes of memory.
    pub memory: u64,
    /// Seconds of processor time.
    pub processor_seconds: u64,
    /// Bytes that one written file may have.
    pub file_bytes: u64,
    /// Which of these the kernel is asked to see to, besides the limits.
    pub measures: Measures,
}

/// Namespaces in which the network reaches no further than the machine, and no file can be changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Namespaces {
    /// The process that holds them.
    pub process: u32,
    /// They lie in a user namespace, which has to be joined first.
    pub in_user_namespace: bool,
}

/// Becomes what the arguments and the environment say. `None` when this is an ordinary start of the grader.
pub fn dispatch() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let first = arguments.next()?;
    // Cargo is given the compilers' policy, and so has it as well.
    let is_compiler = first != BUILD;
    if let Some(policy) = std::env::var_os(COMPILER).filter(|_| is_compiler) {
        return Some(report(become_compiler(&policy)));
    }
    let rest: Vec<OsString> = arguments.collect();
    match first.to_str()? {
        TEST => Some(report(become_test(&rest))),
        BUILD => Some(report(become_cargo(&rest))),
        PROBE => Some(report(isolation::probe(&rest))),
        #[cfg(target_os = "linux")]
        NAMESPACES => {
            let hidden: Vec<PathBuf> = rest.iter().map(PathBuf::from).collect();
            Some(report(namespaces::hold(&hidden)))
        }
        _ => None,
    }
}

/// The same call, for a program that the kernel stops when the grader is gone, however it went: cargo's compilers end with
/// cargo.
pub fn ending_with_the_grader(grade: &Path, call: &Command) -> Command {
    started_by(grade, &[BUILD, &std::process::id().to_string()], call)
}

/// `PARENT PROGRAM ARGUMENT…`
fn become_cargo(words: &[OsString]) -> Result<(), String> {
    let parent = words.first().and_then(|word| word.to_str());
    let program = words.get(1).ok_or("the program is missing")?;
    #[cfg(target_os = "linux")]
    {
        limits::end_with_the_grader()?;
        // It may have gone before this was asked for.
        let now = rustix::process::getppid().map(|id| id.as_raw_nonzero().to_string());
        if now.as_deref() != parent {
            return Err("the grader is gone".to_owned());
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = parent;
    let arguments = words.get(2..).unwrap_or_default();
    let error = Command::new(program).args(arguments).exec();
    Err(format!("{}: {error}", program.to_string_lossy()))
}

fn report(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("the sandbox: {what}");
            ExitCode::from(FAILED)
        }
    }
}

fn read_policy(text: Option<&OsString>) -> Result<Policy, String> {
    let text = text
        .and_then(|text| text.to_str())
        .ok_or("the policy is missing")?;
    serde_json::from_str(text).map_err(|error| format!("the policy: {error}"))
}

/// `POLICY PROGRAM ARGUMENT…`
fn become_test(words: &[OsString]) -> Result<(), String> {
    let policy = read_policy(words.first())?;
    let program = words.get(1).ok_or("the program is missing")?;
    let arguments = words.get(2..).unwrap_or_default();
    close_inherited();
    let fail = |error: &dyn std::fmt::Display| format!("{}: {error}", program.to_string_lossy());
    let opened = File::open(program).map_err(|error| fail(&error))?;
    confine(&policy, Some(&opened))?;
    become_program(&opened, program, arguments).map_err(|error| fail(&error))
}

/// Closes what the grader's parent has left open; the grader's own descriptors close when a program is started.
fn close_inherited() {
    let number = |entry: std::io::Result<std::fs::DirEntry>| {
        let name = entry.ok()?.file_name();
        name.to_str()?.parse::<i32>().ok()
    };
    let open: Vec<i32> = match std::fs::read_dir("/dev/fd") {
        Ok(entries) => entries.filter_map(number).collect(),
        Err(_) => (0..256).collect(),
    };
    for descriptor in open.into_iter().filter(|descriptor| *descriptor > 2) {
        // The one that was read from is gone already.
        let _ = nix::unistd::close(descriptor);
    }
}

/// Becomes an opened program: where the test is, its path leads nowhere.
#[cfg(target_os = "linux")]
fn become_program(
    opened: &File,
    program: &OsString,
    arguments: &[OsString],
) -> Result<(), Box<dyn Error>> {
    use std::ffi::CString;
    use std::os::unix::ffi::OsStrExt;

    use nix::fcntl::AtFlags;

    let text = |word: &OsString| CString::new(word.as_bytes());
    let words: Vec<CString> = [program]
        .into_iter()
        .chain(arguments)
        .map(text)
        .collect::<Result<_, _>>()?;
    let mut environment = Vec::new();
    for (name, value) in std::env::vars_os() {
        let mut pair = name;
        pair.push("=");
        pair.push(value);
        environment.push(text(&pair)?);
    }
    // By this call and no other: a test may not make it.
    match nix::unistd::execveat(opened, c"", &words, &environment, AtFlags::AT_EMPTY_PATH)? {}
}

#[cfg(not(target_os = "linux"))]
fn become_program(
    _opened: &File,
    program: &OsString,
    arguments: &[OsString],
) -> Result<(), Box<dyn Error>> {
    Err(Command::new(program).args(arguments).exec().into())
}

/// Cargo calls `grade RUSTC ARGUMENT…` for the packages of the workspace, which is where the code under judgement is.
fn become_compiler(policy: &OsString) -> Result<(), String> {
    let mut policy = read_policy(Some(policy))?;
    let mut words = std::env::args_os().skip(1);
    let rustc = words.next().ok_or("the compiler is missing")?;
    let words: Vec<OsString> = words.collect();
    policy.reads.extend(sources(&words));
    let mut command = Command::new(&rustc);
    command.args(words).env_remove(COMPILER);
    // `env!` can read whatever the compiler is given, so it is given no more than it needs.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let known = COMPILER_PREFIXES
            .iter()
            .any(|prefix| text.starts_with(prefix));
        if !known && !COMPILER_VARIABLES.contains(&text.as_ref()) {
            command.env_remove(&name);
        }
    }
    confine(&policy, None)?;
    let error = command.exec();
    Err(format!("{}: {error}", rustc.to_string_lossy()))
}

/// What the compiler reads of its package: the tests, hidden ones among them, only when it is the tests that it compiles.
fn sources(words: &[OsString]) -> Option<PathBuf> {
    let package = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR")?);
    if words.iter().any(|word| word == "--test") {
        Some(package)
    } else {
        Some(package.join("src"))
    }
}

/// Takes away from this process what the policy does not leave to it. `program` is what it is going to become.
fn confine(policy: &Policy, program: Option<&File>) -> Result<(), String> {
    limits::apply(policy)?;
    #[cfg(target_os = "linux")]
    {
        let measures = policy.measures;
        if let Some(namespaces) = measures.namespaces {
            namespaces::join(namespaces, &policy.writes, policy.folder_bytes)?;
        }
        limits::end_with_the_grader()?;
        if measures.files {
            files::confine(policy, program)?;
        }
        if measures.calls {
            calls::confine(measures.namespaces.is_none(), program)?;
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = program;
    Ok(())
}

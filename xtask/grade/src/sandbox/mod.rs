//! Confinement: the grader starts itself again in the place of a compiler or a test, takes away what the program must
//! not have, and then becomes that program.
//!
//! Everything here is done by the new process to itself, between its start and its `exec`, so that no code has to run
//! between a fork and an exec.

#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod files;
mod level;
mod limits;
#[cfg(target_os = "linux")]
mod network;

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use serde::{Deserialize, Serialize};

pub use level::{Isolation, Level};

/// The first argument of a start that becomes a test.
pub const TEST: &str = "__test";
/// The first argument of a start that tries what it can still do, instead of becoming anything.
pub const PROBE: &str = "__probe";
/// The first argument of a start that holds a network of its own.
pub const NETWORK: &str = "__network";
/// The variable that holds the policy of a start that becomes a compiler.
pub const COMPILER: &str = "GRADE_COMPILER_POLICY";

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
    /// Files and folders that it may read and change.
    pub writes: Vec<PathBuf>,
    /// Bytes of memory.
    pub memory: u64,
    /// Seconds of processor time.
    pub processor_seconds: u64,
    /// Bytes that one written file may have.
    pub file_bytes: u64,
    /// Whether the files above are all that it can reach.
    pub confine_files: bool,
    /// Whether it is kept from starting processes and other system calls.
    pub confine_calls: bool,
    /// The process that holds the network it is to join.
    pub network: Option<Network>,
}

/// A network that reaches no further than the machine itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// The process that holds it.
    pub process: u32,
    /// It lies in a user namespace, which has to be joined first.
    pub in_user_namespace: bool,
}

/// Becomes what the arguments and the environment say. `None` when this is an ordinary start of the grader.
pub fn dispatch() -> Option<ExitCode> {
    if let Some(policy) = std::env::var_os(COMPILER) {
        return Some(report(become_compiler(&policy)));
    }
    let mut arguments = std::env::args_os().skip(1);
    let first = arguments.next()?;
    let rest: Vec<OsString> = arguments.collect();
    match first.to_str()? {
        TEST => Some(report(become_test(&rest))),
        PROBE => Some(report(level::probe(&rest))),
        #[cfg(target_os = "linux")]
        NETWORK => Some(report(network::hold())),
        _ => None,
    }
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
    // The grader's own descriptors close on exec; these are what its parent has left open.
    for descriptor in 3..256 {
        let _ = nix::unistd::close(descriptor);
    }
    confine(&policy)?;
    let mut command = Command::new(program);
    command.args(arguments);
    let error = command.exec();
    Err(format!("{}: {error}", program.to_string_lossy()))
}

/// Cargo calls `grade RUSTC ARGUMENT…` for the packages of the workspace, which is where the code under judgement is.
fn become_compiler(policy: &OsString) -> Result<(), String> {
    let policy = read_policy(Some(policy))?;
    let mut words = std::env::args_os().skip(1);
    let rustc = words.next().ok_or("the compiler is missing")?;
    let mut command = Command::new(&rustc);
    command.args(words).env_remove(COMPILER);
    // `env!` can read whatever the compiler is given, so it is given no secrets.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let wanted = ["CARGO", "RUST", "LC_"];
        let known = wanted.iter().any(|prefix| text.starts_with(prefix))
            || [
                "PATH",
                "HOME",
                "LANG",
                "TMPDIR",
                "CC",
                "LD_LIBRARY_PATH",
                "OUT_DIR",
            ]
            .contains(&text.as_ref());
        let secret =
            text.contains("TOKEN") || text.contains("REGISTR") || text.contains("CREDENTIAL");
        if !known || secret {
            command.env_remove(&name);
        }
    }
    confine(&policy)?;
    let error = command.exec();
    Err(format!("{}: {error}", rustc.to_string_lossy()))
}

/// Takes away from this process what the policy does not leave to it.
fn confine(policy: &Policy) -> Result<(), String> {
    limits::apply(policy)?;
    #[cfg(target_os = "linux")]
    {
        if let Some(network) = policy.network {
            network::join(network)?;
        }
        limits::end_with_the_grader()?;
        if policy.confine_files {
            files::confine(policy)?;
        }
        if policy.confine_calls {
            calls::confine()?;
        }
    }
    Ok(())
}

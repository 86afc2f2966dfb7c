//! `cargo grade`, which `cargo xtask grade` starts.

use std::process::ExitCode;

#[cfg(unix)]
fn main() -> ExitCode {
    grade::main()
}

#[cfg(not(unix))]
fn main() -> ExitCode {
    eprintln!("error: grading works on Linux and macOS; on Windows, run it in WSL");
    ExitCode::from(2)
}

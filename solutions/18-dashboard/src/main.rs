//! `cargo run -p dashboard-solution`: the finished dashboard. `--help` says what can be set.

use std::process::ExitCode;

fn main() -> ExitCode {
    dashboard::program::server::main()
}

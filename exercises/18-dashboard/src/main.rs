//! `cargo run -p dashboard`: the dashboard as far as you have written it. `--help` says what can be set.

use std::process::ExitCode;

fn main() -> ExitCode {
    dashboard::program::server::main()
}

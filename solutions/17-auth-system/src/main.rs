//! `cargo run -p auth-system-solution`: the finished service. `--help` says what can be set.

use std::process::ExitCode;

fn main() -> ExitCode {
    auth_system::program::server::main()
}

//! `cargo run -p auth`: the service as far as you have written it. `--help` says what can be set.

use std::process::ExitCode;

fn main() -> ExitCode {
    auth::program::server::main()
}

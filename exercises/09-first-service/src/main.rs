//! `cargo run -p first-service`: the wish list as far as you have written it. `--help` says what can be set.

use std::process::ExitCode;

fn main() -> ExitCode {
    first_service::program::server::main()
}

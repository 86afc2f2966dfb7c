//! `cargo run -p apis`: the exercises as far as you have written them. `--help` says what can be set.

use std::process::ExitCode;

fn main() -> ExitCode {
    apis::program::server::main()
}

//! `cargo run -p api-service`: the service as far as you have written it. `--help` says what can be set.

use std::process::ExitCode;

fn main() -> ExitCode {
    api_service::program::server::main()
}

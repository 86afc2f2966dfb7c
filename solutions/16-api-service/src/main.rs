//! `cargo run -p api-service-solution`: the finished service. `--help` says what can be set.

use std::process::ExitCode;

fn main() -> ExitCode {
    api_service::program::server::main()
}

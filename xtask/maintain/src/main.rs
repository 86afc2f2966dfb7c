//! `cargo xtask verify`, `new`, `seal` and `mistake`.

use std::process::ExitCode;

fn main() -> ExitCode {
    maintain::main()
}

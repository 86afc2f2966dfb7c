//! The tool that the stage builds: `cargo run -p io-solution -- --help`. The same as the exercise's.

use std::env;
use std::ffi::OsString;
use std::io;
use std::io::BufWriter;
use std::process::ExitCode;

use shop_io::cli;

fn main() -> ExitCode {
    // The first argument is the name of the program. `env::args` would panic where one of the others is not Unicode.
    let arguments: Vec<OsString> = env::args_os().skip(1).collect();
    let input = io::stdin().lock();
    let output = BufWriter::new(io::stdout().lock());
    let errors = io::stderr().lock();
    ExitCode::from(cli::run(&arguments, input, output, errors))
}

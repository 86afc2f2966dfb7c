//! Lantern's books and orders in a file: `cargo run -p databases -- shop.db [COMMAND]`.
//!
//! All of it is given. It makes the shop by what you wrote, and answers by what you wrote. Until the exercises are there, it
//! stops with the message of the first one that it needs.

mod program;

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

use program::Failure;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args_os()
        .skip(1)
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    let mut output = io::BufWriter::new(io::stdout().lock());
    let result = program::run(&arguments, &mut output)
        .and_then(|()| output.flush().map_err(Failure::Output));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads has seen enough, as `head` has.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(Failure::Usage(what)) => {
            eprintln!("{what}\nTry --help.");
            ExitCode::from(2)
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

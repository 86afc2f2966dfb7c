//! What the exercises add up to: `cargo run -p servers -- [stock|hello|shop] [OPTIONS]`.
//!
//! All of it is given, and each command runs as soon as its exercises are written: `stock` after `tcp`, `hello` after
//! `hello`, the shop after all the others. A part that is missing shows its message in the terminal. If the server needs
//! that part to start, it ends there. If it needs it for a client only, that client's connection ends without an answer, and
//! the server goes on with the next one.

mod program;

use std::env;
use std::process::ExitCode;

use program::options::{self, Request};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args_os()
        .skip(1)
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    let options = match options::parse(&arguments) {
        Ok(Request::Help) => {
            println!("{}", options::HELP);
            return ExitCode::SUCCESS;
        }
        Ok(Request::Run(options)) => options,
        Err(what) => {
            eprintln!("{what}\nTry --help.");
            return ExitCode::from(2);
        }
    };
    match program::run(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{} cannot open: {error}", options.place());
            ExitCode::FAILURE
        }
    }
}

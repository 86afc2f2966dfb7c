//! A small tool for the shop's text files.
//!
//! `cargo run -p io -- find Emma orders.txt` hands `find`, `Emma` and `orders.txt` to this module. What it answers goes
//! to the output, what it complains about goes elsewhere, and a number tells scripts how it went.

use std::ffi::OsString;
use std::fmt;
use std::fs::File;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Write;
use std::path::PathBuf;

use crate::access_log;

/// The tool did what was asked.
pub const DONE: u8 = 0;
/// `find` has read everything, and no line contains the text.
pub const NOTHING_FOUND: u8 = 1;
/// The arguments make no sense.
pub const WRONG_USAGE: u8 = 2;
/// A file could not be read, or the output could not be written.
pub const FAILED: u8 = 3;

/// What `--help` prints.
pub const HELP: &str = "\
Look into the shop's text files.

Usage: io [OPTIONS] COMMAND

Commands:
  count [FILE]      print the number of lines
  find TEXT [FILE]  print the lines that contain TEXT
  report [FILE]     sum up the access log of a web server

Without FILE, and when FILE is -, standard input is read.

Options:
  -h, --help  print this help
  --          what follows is no option, even if it begins with -

Exit codes:
  0  done
  1  find: no line contains TEXT
  2  the arguments make no sense
  3  a file could not be read, or the output could not be written
";

/// What the arguments ask for. A `file` that is `None` means standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    Help,
    Count { file: Option<PathBuf> },
    Find { text: String, file: Option<PathBuf> },
    Report { file: Option<PathBuf> },
}

/// Why the arguments make no sense. Arguments with several faults are given the first of this list that applies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsageError {
    /// An argument looks like an option, and there is no such option.
    UnknownOption(String),
    /// No argument names a command.
    NoCommand,
    /// There is no such command.
    UnknownCommand(String),
    /// `find` was given nothing to look for.
    NoText,
    /// What `find` should look for is not Unicode.
    TextIsNotUnicode,
    /// There are more arguments than the command takes; this is the first that is too many.
    TooMany(String),
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownOption(option) => write!(f, "unknown option '{option}'"),
            Self::NoCommand => write!(f, "no command given"),
            Self::UnknownCommand(command) => write!(f, "unknown command '{command}'"),
            Self::NoText => write!(f, "find needs a text to look for"),
            Self::TextIsNotUnicode => write!(f, "the text to look for is not Unicode"),
            Self::TooMany(argument) => write!(f, "one argument too many: '{argument}'"),
        }
    }
}

/// Why a command that made sense has failed. For your own functions; nothing outside sees it.
enum Failure {
    Input(io::Error),
    Output(io::Error),
}

/// Finds out what the arguments ask for. The name of the program is not among them.
///
/// 1. Before an argument `--`, an argument that begins with `-` and is not `-` itself is an option. There are two
///    options, and both are the same: `-h` and `--help`. Behind `--` there are no options; this first `--` itself counts
///    for nothing.
/// 2. If the help is asked for, nothing else matters: the answer is [`Command::Help`], whatever is wrong besides.
/// 3. Of what is left when the options are gone, the first is the command, and the rest belongs to it.
///    `-` in the place of a file is standard input.
///
/// | arguments | answer |
/// | --- | --- |
/// | `find` `Emma` `orders.txt` | `Find` with the text `Emma` and the file `orders.txt` |
/// | `find` `Emma` | `Find` with the text `Emma` and no file |
/// | `count` `-` | `Count` with no file |
/// | `find` `--` `-h` | `Find` with the text `-h` and no file |
/// | `count` `--colour` | `UnknownOption("--colour")` |
/// | `count` `a` `b` | `TooMany("b")` |
///
/// An argument need not be Unicode: the name of a file may be anything. The texts in a [`UsageError`] show what is not
/// Unicode as `to_string_lossy` does.
///
/// # Errors
///
/// See [`UsageError`].
pub fn parse(arguments: &[OsString]) -> Result<Command, UsageError> {
    todo!("first separate options from the rest, then match on the rest")
}

/// Does what the arguments ask for, and answers the exit code.
///
/// `input` is used where no file is named.
///
/// | command | writes to `output` | code |
/// | --- | --- | --- |
/// | help | [`HELP`] | [`DONE`] |
/// | `count` | the number of lines, and `\n` | [`DONE`] |
/// | `find` | each line that contains the text, and `\n` | [`DONE`], or [`NOTHING_FOUND`] |
/// | `report` | what the exercise `access_log` writes, with the 10 busiest pages | [`DONE`] |
///
/// Lines are those of [`BufRead::lines`]; one that is not UTF-8 is a failure to read. `output` is flushed at the end;
/// when the input has failed, that is up to you.
///
/// # When something goes wrong
///
/// - Arguments that make no sense: [`WRONG_USAGE`]. `errors` is told what is wrong with them, and that `--help` helps.
///   `output` gets nothing.
/// - A file that cannot be opened or read: [`FAILED`]. `errors` is told the name of the file and the reason, which is
///   the text of the [`io::Error`].
/// - An output that cannot be written: [`FAILED`], and `errors` is told the reason likewise. There is one exception:
///   when the reader of the output has gone away ([`io::ErrorKind::BrokenPipe`], as in `… | head -1`), all is well:
///   [`DONE`], and `errors` is told nothing.
/// - When `errors` cannot be written, there is nobody left to tell. The code stays what it was.
///
/// Every complaint begins with `io: `.
pub fn run(
    arguments: &[OsString],
    input: impl BufRead,
    mut output: impl Write,
    mut errors: impl Write,
) -> u8 {
    todo!("parse, open the file if there is one, do the work, and turn what happened into a code")
}

/// The command `report`. Given; it works as soon as the exercise `access_log` is done.
fn report(input: impl BufRead, output: &mut impl Write) -> Result<u8, Failure> {
    let summary = access_log::summarise(input).map_err(Failure::Input)?;
    access_log::write_report(&summary, 10, output).map_err(Failure::Output)?;
    Ok(DONE)
}

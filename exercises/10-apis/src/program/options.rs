//! What the command line says.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::prelude::*;

/// What `--help` prints.
pub const HELP: &str = "\
Lantern's API for partners: what you have written of it.

Usage: apis [OPTIONS]

  --port PORT        the port on 127.0.0.1; 0 lets the system choose (3000)
  --database FILE    the SQLite file, made if need be (apis.db)
  --help             this text

In the environment:

  APIS_TOKEN         the token of the partner `demo`; without it, each start makes one and prints it
  APIS_SECRET        the secret of webhooks; without it, nobody knows one

Stop it with Ctrl-C: requests that have begun are answered first, for five seconds at most.

Exit codes: 0 it was stopped, 1 it could not go on, 2 the command line has a mistake.
";

/// What can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    pub port: u16,
    pub database: PathBuf,
}

/// Reads the words behind the program's name: the options, or nothing when help is wanted.
///
/// # Errors
///
/// The first mistake.
pub fn read(words: impl IntoIterator<Item = OsString>) -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options {
        port: 3000,
        database: PathBuf::from("apis.db"),
    };
    let mut parser = lexopt::Parser::from_args(words);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("port") => options.port = parser.value()?.parse()?,
            Long("database") => options.database = parser.value()?.into(),
            Long("help") | Short('h') => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Some(options))
}

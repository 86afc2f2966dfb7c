//! What the command line says.

use std::ffi::OsString;
use std::path::PathBuf;

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

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    Serve(Options),
    Help,
}

/// Reads the words behind the program's name. A value stands behind its flag, or behind a `=` in the same word.
///
/// # Errors
///
/// A sentence about the first mistake.
pub fn read(words: impl IntoIterator<Item = OsString>) -> Result<Asked, String> {
    let mut options = Options {
        port: 3000,
        database: PathBuf::from("apis.db"),
    };
    let mut words = words.into_iter();
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        let (flag, value) = match text.split_once('=') {
            Some((flag, value)) => (flag, Some(OsString::from(value))),
            None => (text.as_ref(), None),
        };
        let mut value = || {
            let value = value.clone().or_else(|| words.next());
            value.ok_or_else(|| format!("{flag} needs a value"))
        };
        match flag {
            "--help" | "-h" => return Ok(Asked::Help),
            "--port" => {
                let value = value()?;
                let port = value.to_str().and_then(|text| text.parse().ok());
                let mistake = || format!("--port: {value:?} is no number from 0 to 65535");
                options.port = port.ok_or_else(mistake)?;
            }
            "--database" => options.database = PathBuf::from(value()?),
            _ => return Err(format!("{text}: there is nothing of this name")),
        }
    }
    Ok(Asked::Serve(options))
}

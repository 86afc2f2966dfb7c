//! The command line for maintainers.

use std::ffi::OsString;

use lexopt::{Arg, Parser, ValueExt};
use xtask_core::error::{Error, Result};

/// What the user asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    Verify { stage: Option<String> },
    New { stage: String, name: String },
    Seal { stage: Option<String> },
    Help { text: &'static str },
}

const VERIFY: &str = "\
Usage: cargo xtask verify [--stage STAGE]

Proves what the course promises: starters fail, solutions pass, known mistakes are caught by the tests that they name,
alternatives pass, lessons compile, and the rest. The last line is `N passed, N failed`.
";

const NEW: &str = "\
Usage: cargo xtask new STAGE NAME

Writes the files of a new exercise and wires them up. STAGE is a folder such as 05-databases; a stage that does not
exist yet is begun.

  cargo xtask new 05-databases schema
";

const SEAL: &str = "\
Usage: cargo xtask seal [STAGE]

Records the starters and tests of the working tree as what is handed out (`originals.json` of each stage), after a
maintainer has changed them. Starters must be starters when this runs: `cargo xtask verify` proves it.
";

/// Reads the command line; its first word is the command.
///
/// # Errors
///
/// When it does not fit.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command> {
    let mut parser = Parser::from_args(arguments);
    let mut words: Vec<String> = Vec::new();
    let (mut stage, mut help) = (None, false);
    let wrong = |error: lexopt::Error| Error::new(error.to_string());
    while let Some(argument) = parser.next().map_err(wrong)? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => help = true,
            Arg::Long("stage") => {
                let value = parser.value().and_then(|value| value.string());
                stage = Some(value.map_err(wrong)?);
            }
            Arg::Value(value) => words.push(value.string().map_err(wrong)?),
            other => return Err(wrong(other.unexpected())),
        }
    }
    let mut words = words.into_iter();
    let command = words.next().unwrap_or_default();
    let usage = match command.as_str() {
        "verify" => VERIFY,
        "new" => NEW,
        "seal" => SEAL,
        _ => return Err(Error::new(format!("there is no command `{command}`"))),
    };
    if help {
        return Ok(Command::Help { text: usage });
    }
    if stage.is_some() && command != "verify" {
        return Err(Error::new(format!("`{command}` does not take `--stage`")).help(usage));
    }
    let parsed = match (command.as_str(), words.next(), words.next()) {
        ("verify", None, None) => Some(Command::Verify { stage }),
        ("new", Some(stage), Some(name)) => Some(Command::New { stage, name }),
        ("seal", stage, None) => Some(Command::Seal { stage }),
        _ => None,
    };
    match (parsed, words.next()) {
        (Some(parsed), None) => Ok(parsed),
        _ => {
            Err(Error::new(format!("`{command}` was given the wrong number of names")).help(usage))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Command, parse};

    #[test]
    fn right_lines_are_understood_and_wrong_ones_refused() {
        let words = |line: &str| parse(line.split_whitespace().map(Into::into));
        let stage = Some("logic".to_owned());
        assert_eq!(
            words("verify --stage=logic").expect("it fits"),
            Command::Verify { stage }
        );
        for line in [
            "new 05-databases",
            "verify logic",
            "seal --stage logic",
            "seal a b",
            "sale",
        ] {
            assert!(words(line).is_err(), "{line}");
        }
    }
}

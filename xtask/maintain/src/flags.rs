//! The command line for maintainers: every command, what it takes, and the words of `--help`.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::verify::Shard;

/// For those who write the course.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub struct Line {
    #[command(subcommand)]
    pub command: Command,
}

/// What the user asked for.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Proves what the course promises: starters fail, solutions pass, known mistakes are caught by the tests that
    /// they name, alternatives pass, lessons compile, and the rest. The last line is `N passed, N failed`
    Verify {
        /// Only this stage
        #[arg(long)]
        stage: Option<String>,
        /// Only part I of N, for N machines that share the work
        #[arg(long, value_name = "I/N", value_parser = shard)]
        shard: Option<Shard>,
        /// Also what takes long: the tests that are left out otherwise, and nothing is taken from memory
        #[arg(long)]
        slow: bool,
    },
    /// Writes the files of a new exercise and wires them up. A stage that does not exist yet is begun
    #[command(after_help = "Example:\n  cargo xtask new 05-databases schema")]
    New {
        /// The stage's folder, such as 05-databases
        stage: String,
        /// The exercise's name
        name: String,
    },
    /// Records the starters and tests of the working tree as what is handed out, after a maintainer has changed them.
    /// Starters must be starters when this runs: `cargo xtask verify` proves it
    Seal {
        /// Only this stage
        stage: Option<String>,
    },
    /// Known mistakes: makes them, brings them up to date, and shows what they do
    #[command(subcommand)]
    Mistake(MistakeCommand),
}

/// What is done with known mistakes.
#[derive(Debug, PartialEq, Eq, Subcommand)]
pub enum MistakeCommand {
    /// Makes a patch out of an edited copy of the solution, and measures which tests catch it. The first call without
    /// `--from` writes the copy
    #[command(after_help = "Example:\n  cargo xtask mistake new logic/loops last_one_left_out")]
    New {
        /// The exercise, such as logic/loops
        exercise: String,
        /// What the mistake is, in lower-case letters and `_`
        name: String,
        /// The edited copy
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
    },
    /// Brings patches up to date after solutions were changed, by a merge with the solutions of git's HEAD. Those that
    /// cannot be merged are named, with the lines
    Update {
        /// Only this stage
        stage: Option<String>,
    },
    /// Prints what mistakes do, and which tests fail on them how
    Show {
        /// The exercise, such as logic/loops
        exercise: String,
        /// Only this mistake
        name: Option<String>,
    },
}

/// `2/3`: the second of three.
fn shard(text: &str) -> Result<Shard, String> {
    let parts = text.split_once('/');
    let parsed = parts.and_then(|(number, of)| {
        Some(Shard {
            number: number.parse().ok()?,
            of: of.parse().ok()?,
        })
    });
    parsed
        .filter(|shard| (1..=shard.of).contains(&shard.number))
        .ok_or_else(|| "it is of the form 2/3, the second of three".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::{Command, Line, Shard};

    #[test]
    fn right_lines_are_understood_and_wrong_ones_refused() {
        Line::command().debug_assert();
        let read = |line: &str| {
            let words = std::iter::once("maintain").chain(line.split_whitespace());
            Line::try_parse_from(words).map(|line| line.command)
        };
        let expected = Command::Verify {
            stage: Some("logic".to_owned()),
            shard: Some(Shard { number: 2, of: 3 }),
            slow: false,
        };
        let line = read("verify --stage=logic --shard 2/3");
        assert_eq!(line.expect("it fits"), expected);
        for line in [
            "new 05-databases",
            "verify logic",
            "verify --shard 3/2",
            "verify --shard 0/2",
            "seal --stage logic",
            "seal a b",
            "sale",
            "mistake",
            "mistake new logic/loops",
        ] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}

//! The command line: every command, what it takes, and the words of `--help`.

use lexopt::{Arg, Parser, ValueExt};

use xtask_core::course::nearest;
use xtask_core::error::{Error, Result};

use crate::commands::elsewhere;

/// What the user asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    Next,
    Watch { start: Option<String> },
    Check(Check),
    List { format: Format },
    Lesson { name: Option<String> },
    Hint { name: Option<String>, all: bool },
    Reset { name: String, tests: bool },
    Solution { name: String, anyway: bool },
    Doctor,
    Help { text: &'static str },
}

/// What `check` takes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Check {
    pub names: Vec<String>,
    pub all: bool,
    pub format: Format,
}

/// For whom the answer is printed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    #[default]
    Text,
    Json,
}

const HELP: &str = "\
Backend Roadmap: learn backend development in Rust, one failing test at a time.

Usage: cargo xtask [COMMAND]

For learners
  (nothing)            check where you are, and say what to do next
  watch [NAME]         the same on every save, until you press q
  check [NAME…]        judge exercises or whole stages; --all for everything
  list                 the roadmap with your progress
  lesson [NAME]        the lesson of an exercise
  hint [NAME]          the next hint, one at a time
  reset NAME           bring the starter back; your file is kept beside it
  solution NAME        compare yours with the reference answer
  doctor               look for what is missing on this machine

For instructors
  grade DIR…           grade submissions; `cargo xtask grade --help` says more
  merge FILE…          put the reports of shards together
  export               write what is handed out: stages, lessons and the runner

For maintainers
  verify               prove the whole course
  new STAGE NAME       write the files of a new exercise
  mistake …            known mistakes: new, update, show
  seal [STAGE]         record starters and tests as what is handed out

NAME is an exercise (`variables`, `logic/variables`) or a stage (`logic`, `01-logic`).
`cargo xtask COMMAND --help` says more about one command.

Exit codes: 0 all is well, 1 something asked for does not pass, 2 the command or the course is wrong,
130 stopped by Ctrl-C. `NO_COLOR=1` turns colours off.
";

const COMMANDS: [(&str, &str); 9] = [
    ("watch", "\
Usage: cargo xtask watch [NAME]

Checks the current exercise now and on every save. NAME starts at that exercise, or at the first unfinished one of
that stage.

Keys: h hint · n next exercise · l list · r reset · s solution · q quit. Without a terminal there are no keys, and
Ctrl-C ends it.

  cargo xtask watch
  cargo xtask watch frameworks
"),
    ("check", "\
Usage: cargo xtask check [NAME…] [--all] [--format text|json]

Judges the exercises and stages named; without a name, the current exercise. What passed before and has not changed
is not compiled again. Exit code 0 only if everything asked for passes.

  cargo xtask check variables
  cargo xtask check logic frameworks/routing
  cargo xtask check --all --format json

The JSON document:
  {\"exercises\":[{\"exercise\":\"logic/variables\",
    \"status\":\"passed|failed|not_started|compile_error|timed_out\",
    \"tests\":[{\"name\":\"…\",\"status\":\"passed|failed|timed_out\",\"message\":\"…\"}]}]}
"),
    ("list", "\
Usage: cargo xtask list [--format text|json]

Shows the roadmap by level, stage and exercise, with what is done. Nothing is compiled: an exercise counts as done
when it passed and has not changed since.
"),
    ("lesson", "\
Usage: cargo xtask lesson [NAME]

Shows the lesson of an exercise; without a name, that of the current one.

  cargo xtask lesson ownership
"),
    ("hint", "\
Usage: cargo xtask hint [NAME] [--all]

Shows the next hint of an exercise (there are three); without a name, of the current one. --all shows those that you
have seen again, and the rest.
"),
    ("reset", "\
Usage: cargo xtask reset NAME
       cargo xtask reset --tests NAME

Brings the starter of an exercise back. Your file is kept beside it as NAME.rs.kept-1, NAME.rs.kept-2 and so on.
--tests brings back its tests instead; with a stage, everything in the stage's tests folder.
"),
    ("solution", "\
Usage: cargo xtask solution NAME [--anyway]

Shows how the reference answer differs from yours, once yours passes. --anyway shows it before.
"),
    ("doctor", "\
Usage: cargo xtask doctor

Looks at the toolchain, the linker, the C compiler, the disk and the crates that an offline machine needs. For
whatever is missing it says the command that mends it. Exit code 1 if something is.
"),
    ("help", HELP),
];

/// Reads the command line.
///
/// # Errors
///
/// When it does not fit: a word that is no command, an option that the command does not have, a missing name.
pub fn parse(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> Result<Command> {
    let mut parser = Parser::from_args(arguments);
    let words = Words::read(&mut parser)?;
    let Some(name) = words.command.clone() else {
        words.expect("xtask", &["help"], 0)?;
        return Ok(if words.has("help") {
            Command::Help { text: HELP }
        } else {
            Command::Next
        });
    };
    let Some((name, help)) = COMMANDS.iter().find(|(known, _)| *known == name) else {
        return Err(unknown_command(&name));
    };
    if words.has("help") || *name == "help" {
        let topic = words.names.first().map(String::as_str).unwrap_or(name);
        let text = COMMANDS
            .iter()
            .find(|(known, _)| *known == topic)
            .map_or(help, |(_, text)| text);
        return Ok(Command::Help { text });
    }
    words.command(name)
}

/// The words of a command line, not yet understood.
#[derive(Debug, Default)]
struct Words {
    command: Option<String>,
    names: Vec<String>,
    flags: Vec<String>,
    format: Format,
}

impl Words {
    fn read(parser: &mut Parser) -> Result<Self> {
        let mut words = Self::default();
        let wrong =
            |error: lexopt::Error| Error::new(error.to_string()).help("see `cargo xtask --help`");
        while let Some(argument) = parser.next().map_err(wrong)? {
            match argument {
                Arg::Short('h') => words.flags.push("help".into()),
                Arg::Long("format") => {
                    let value = parser
                        .value()
                        .and_then(|value| value.string())
                        .map_err(wrong)?;
                    words.flags.push("format".into());
                    words.format = match value.as_str() {
                        "text" => Format::Text,
                        "json" => Format::Json,
                        _ => {
                            return Err(Error::new(format!("there is no format `{value}`"))
                                .help("the formats are text and json"));
                        }
                    };
                }
                Arg::Long(name) => words.flags.push(name.to_owned()),
                Arg::Short(letter) => words.flags.push(letter.to_string()),
                Arg::Value(value) => {
                    let value = value.string().map_err(wrong)?;
                    match words.command {
                        None => words.command = Some(value),
                        Some(_) => words.names.push(value),
                    }
                }
            }
        }
        Ok(words)
    }

    fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|known| known == flag)
    }

    /// Refuses options and names that the command does not take.
    fn expect(&self, command: &str, flags: &[&str], most_names: usize) -> Result<()> {
        let usage = match command {
            "xtask" => "see `cargo xtask --help`".to_owned(),
            _ => format!("see `cargo xtask {command} --help`"),
        };
        if let Some(flag) = self
            .flags
            .iter()
            .find(|flag| !flags.contains(&flag.as_str()))
        {
            let dashes = if flag.chars().count() == 1 { "-" } else { "--" };
            return Err(
                Error::new(format!("`{command}` does not take `{dashes}{flag}`")).help(usage),
            );
        }
        match self.names.get(most_names) {
            None => Ok(()),
            Some(extra) => {
                Err(Error::new(format!("`{command}` has no use for `{extra}`")).help(usage))
            }
        }
    }

    fn required(&self, command: &str, index: usize) -> Result<String> {
        self.names.get(index).cloned().ok_or_else(|| {
            Error::new(format!("`{command}` needs a name"))
                .help(format!("see `cargo xtask {command} --help`"))
        })
    }

    fn command(mut self, command: &str) -> Result<Command> {
        let first = self.names.first().cloned();
        let expect = |flags: &[&str], most_names| self.expect(command, flags, most_names);
        match command {
            "watch" => expect(&[], 1).map(|()| Command::Watch { start: first }),
            "check" => {
                expect(&["all", "format"], usize::MAX)?;
                if self.has("all") && first.is_some() {
                    return Err(Error::new("`check` takes names or `--all`, not both"));
                }
                Ok(Command::Check(Check {
                    all: self.has("all"),
                    format: self.format,
                    names: std::mem::take(&mut self.names),
                }))
            }
            "list" => expect(&["format"], 0).map(|()| Command::List {
                format: self.format,
            }),
            "lesson" => expect(&[], 1).map(|()| Command::Lesson { name: first }),
            "hint" => expect(&["all"], 1).map(|()| Command::Hint {
                name: first,
                all: self.has("all"),
            }),
            "reset" => {
                expect(&["tests"], 1)?;
                let name = self.required(command, 0)?;
                Ok(Command::Reset {
                    name,
                    tests: self.has("tests"),
                })
            }
            "solution" => {
                expect(&["anyway"], 1)?;
                let name = self.required(command, 0)?;
                Ok(Command::Solution {
                    name,
                    anyway: self.has("anyway"),
                })
            }
            "doctor" => expect(&[], 0).map(|()| Command::Doctor),
            _ => Err(unknown_command(command)),
        }
    }
}

fn unknown_command(name: &str) -> Error {
    let own = COMMANDS.iter().map(|(known, _)| *known);
    let others = elsewhere::COMMANDS.iter().map(|(known, _)| *known);
    let known: Vec<String> = own.chain(others).map(str::to_owned).collect();
    let error = Error::new(format!("there is no command `{name}`"));
    match nearest(name, &known) {
        Some(near) => error.help(format!("did you mean `cargo xtask {near}`?")),
        None => error.help(format!("`cargo xtask --help` lists the commands; to check an exercise: `cargo xtask check {name}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Check, Command, Format, parse};

    fn command(line: &str) -> Command {
        parse(line.split_whitespace().map(Into::into)).expect("the line is right")
    }

    fn refusal(line: &str) -> String {
        let answer = parse(line.split_whitespace().map(Into::into));
        answer.expect_err("the line is wrong").to_string()
    }

    #[test]
    fn right_lines_are_understood() {
        assert_eq!(command(""), Command::Next);
        assert_eq!(
            command("check logic frameworks/routing --format json"),
            Command::Check(Check {
                names: vec!["logic".into(), "frameworks/routing".into()],
                all: false,
                format: Format::Json,
            })
        );
        assert_eq!(
            command("solution --anyway loops"),
            Command::Solution {
                name: "loops".into(),
                anyway: true
            }
        );
        assert!(
            matches!(command("watch --help"), Command::Help { text } if text.contains("cargo xtask watch"))
        );
        assert!(
            matches!(command("help list"), Command::Help { text } if text.contains("cargo xtask list"))
        );
    }

    #[test]
    fn wrong_lines_say_what_is_wrong() {
        assert!(refusal("wach").contains("did you mean `cargo xtask watch`?"));
        assert!(refusal("list --anyway").contains("`list` does not take `--anyway`"));
        assert!(refusal("reset").contains("`reset` needs a name"));
        assert!(refusal("list logic").contains("`list` has no use for `logic`"));
        assert!(refusal("check --format yaml").contains("no format `yaml`"));
        assert!(refusal("check --all logic").contains("not both"));
        assert!(refusal("--nonsense").contains("does not take `--nonsense`"));
    }
}

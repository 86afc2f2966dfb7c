//! The command line of the grader.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt};
use xtask_core::error::{Error, Result};

use crate::confine::Bounds;
use crate::report::Format;
use crate::sandbox::Level;

/// What the user asked for.
#[derive(Debug)]
pub enum Command {
    Grade(Box<Grade>),
    Merge {
        files: Vec<PathBuf>,
        reports: Reports,
    },
    Export {
        stages: Vec<String>,
        out: PathBuf,
        /// Whether the questions about known mistakes are handed out.
        questions: bool,
    },
    Help,
}

/// Where the result goes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Reports {
    /// What is printed.
    pub format: Format,
    /// What is written to files besides.
    pub files: Vec<(Format, PathBuf)>,
}

/// What `grade` takes.
#[derive(Debug)]
pub struct Grade {
    pub folders: Vec<PathBuf>,
    pub stages: Vec<String>,
    pub exercises: Vec<String>,
    pub roster: Option<PathBuf>,
    pub hidden: Option<PathBuf>,
    pub jobs: Option<usize>,
    pub shard: Option<(usize, usize)>,
    pub required: Option<Level>,
    pub most: Level,
    pub work: Option<PathBuf>,
    pub bounds: Bounds,
    pub reports: Reports,
}

/// The words of `--help`.
pub const HELP: &str = "\
Grades submissions apart from the working tree. This checkout of the course says what is expected; of a submission, only
the exercises' own source files are taken.

Usage: cargo xtask grade DIR… [OPTIONS]
       cargo xtask grade --roster FILE [OPTIONS]
       cargo xtask merge FILE… [--format F] [--report F=FILE]
       cargo xtask export --stage S… --out DIR [--no-questions]

Each DIR is a learner's checkout, a folder that holds exercises/NN-stage/src/…, NN-stage/src/… or src/…, or single files.

What is graded
  --stage S               only this stage; may be repeated
  --exercise E            only this exercise; may be repeated
  --roster FILE           learners from CSV with the columns id, name, folder
  --tests DIR             hidden tests besides: DIR/01-logic/variables.rs has those of `logic/variables`
  --shard I/N             only every Nth submission, beginning with the Ith

How
  --jobs N                so many submissions side by side (1)
  --isolation LEVEL       basic, confined or full: go no further than this (full)
  --require-isolation [=LEVEL]   grade nobody below this level (full)
  --compile-seconds N     processor time of one compiler (60)
  --submission-seconds N  time for all of one submission's stage (600)
  --memory MIB            memory of one test (1024)
  --work DIR              where it builds and remembers (target/grade)

Reports
  --format F              what is printed: table, json, junit, gradescope, classroom50, markdown, csv, html (table)
  --report F=FILE         the same result in another format to a file; may be repeated

  cargo xtask grade ../submissions/*/ --stage logic --report html=class.html
  cargo xtask grade --roster class.csv --shard 1/4 --format json > shard-1.json
  cargo xtask merge shard-*.json --format csv > gradebook.csv

Exit codes: 0 every submission has all points, 1 some have not, 2 nobody could be graded, 130 stopped by Ctrl-C.
`merge` and `export` end with 0 when they did their work.
";

/// Reads the command line.
///
/// # Errors
///
/// When it does not fit.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command> {
    let mut words = Words::default();
    words
        .read(Parser::from_args(arguments))
        .map_err(|error| error.or_help("see `cargo xtask grade --help`"))?;
    if words.help {
        return Ok(Command::Help);
    }
    let mut values = std::mem::take(&mut words.values);
    let first = values
        .first()
        .and_then(|word| word.to_str())
        .map(str::to_owned);
    match first.as_deref() {
        Some("merge") => {
            values.remove(0);
            words.only("merge", &["format", "report"])?;
            Ok(Command::Merge {
                files: values.into_iter().map(PathBuf::from).collect(),
                reports: words.reports,
            })
        }
        Some("export") => {
            words.only("export", &["stage", "out", "no-questions"])?;
            if let Some(extra) = values.get(1) {
                let extra = extra.to_string_lossy();
                return Err(Error::new(format!("`export` has no use for `{extra}`")));
            }
            let out = words.out.ok_or_else(|| {
                Error::new("`export` needs `--out DIR`").help("see `cargo xtask grade --help`")
            })?;
            Ok(Command::Export {
                stages: words.stages,
                out,
                questions: !words.seen.iter().any(|flag| flag == "no-questions"),
            })
        }
        _ => {
            if first.as_deref() == Some("grade") {
                values.remove(0);
            }
            if words.seen.iter().any(|flag| flag == "out") {
                return Err(Error::new("`grade` does not take `--out`")
                    .help("a report goes to a file with `--report FORMAT=FILE`"));
            }
            if words.seen.iter().any(|flag| flag == "no-questions") {
                return Err(Error::new("`grade` does not take `--no-questions`").help(
                    "`export` does: nobody who gets the folder is asked about known mistakes",
                ));
            }
            Ok(Command::Grade(Box::new(Grade {
                folders: values.into_iter().map(PathBuf::from).collect(),
                stages: words.stages,
                exercises: words.exercises,
                roster: words.roster,
                hidden: words.hidden,
                jobs: words.jobs,
                shard: words.shard,
                required: words.required,
                most: words.most.unwrap_or(Level::Full),
                work: words.work,
                bounds: words.bounds,
                reports: words.reports,
            })))
        }
    }
}

#[derive(Debug, Default)]
struct Words {
    values: Vec<OsString>,
    seen: Vec<String>,
    help: bool,
    stages: Vec<String>,
    exercises: Vec<String>,
    roster: Option<PathBuf>,
    hidden: Option<PathBuf>,
    jobs: Option<usize>,
    shard: Option<(usize, usize)>,
    required: Option<Level>,
    most: Option<Level>,
    work: Option<PathBuf>,
    out: Option<PathBuf>,
    bounds: Bounds,
    reports: Reports,
}

impl Words {
    fn read(&mut self, mut parser: Parser) -> Result<()> {
        let wrong = |error: lexopt::Error| Error::new(error.to_string());
        while let Some(argument) = parser.next().map_err(wrong)? {
            let name = match argument {
                Arg::Value(value) => {
                    self.values.push(value);
                    continue;
                }
                Arg::Short('h') => "help".to_owned(),
                Arg::Short(letter) => {
                    return Err(Error::new(format!("there is no option `-{letter}`")));
                }
                Arg::Long(name) => name.to_owned(),
            };
            self.seen.push(name.clone());
            if name == "help" {
                self.help = true;
                continue;
            }
            if name == "no-questions" {
                continue;
            }
            if name == "require-isolation" {
                self.required = Some(match parser.optional_value() {
                    Some(value) => level(&text(value)?)?,
                    None => Level::Full,
                });
                continue;
            }
            let known = [
                "stage",
                "exercise",
                "roster",
                "tests",
                "jobs",
                "shard",
                "isolation",
                "work",
                "out",
                "format",
                "report",
                "compile-seconds",
                "submission-seconds",
                "memory",
            ];
            if !known.contains(&name.as_str()) {
                return Err(Error::new(format!("there is no option `--{name}`")));
            }
            let value = parser.value().map_err(wrong)?;
            self.option(&name, value)?;
        }
        Ok(())
    }

    fn option(&mut self, name: &str, value: OsString) -> Result<()> {
        match name {
            "roster" => self.roster = Some(value.into()),
            "tests" => self.hidden = Some(value.into()),
            "work" => self.work = Some(value.into()),
            "out" => self.out = Some(value.into()),
            "stage" => self.stages.push(text(value)?),
            "exercise" => self.exercises.push(text(value)?),
            "format" => self.reports.format = Format::parse(&text(value)?)?,
            "report" => {
                let value = text(value)?;
                let (format, path) = value.split_once('=').ok_or_else(|| {
                    Error::new(format!("`--report {value}` is not of the form FORMAT=FILE"))
                })?;
                self.reports
                    .files
                    .push((Format::parse(format)?, path.into()));
            }
            "isolation" => self.most = Some(level(&text(value)?)?),
            "shard" => self.shard = Some(shard(&text(value)?)?),
            "jobs" => self.jobs = Some(usize::try_from(number(name, value)?).unwrap_or(usize::MAX)),
            "compile-seconds" => self.bounds.compile = number(name, value)?,
            "submission-seconds" => self.bounds.submission = number(name, value)?,
            "memory" => self.bounds.test_memory = number(name, value)?.saturating_mul(1024 * 1024),
            other => return Err(Error::new(format!("there is no option `--{other}`"))),
        }
        Ok(())
    }

    fn only(&self, command: &str, flags: &[&str]) -> Result<()> {
        match self
            .seen
            .iter()
            .find(|flag| !flags.contains(&flag.as_str()))
        {
            None => Ok(()),
            Some(flag) => Err(Error::new(format!("`{command}` does not take `--{flag}`"))
                .help("see `cargo xtask grade --help`")),
        }
    }
}

fn text(value: OsString) -> Result<String> {
    value
        .string()
        .map_err(|error| Error::new(error.to_string()))
}

fn number(name: &str, value: OsString) -> Result<u64> {
    let value = text(value)?;
    match value.parse() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(Error::new(format!(
            "`--{name} {value}` is not a number from 1"
        ))),
    }
}

fn level(name: &str) -> Result<Level> {
    Level::parse(name).ok_or_else(|| {
        Error::new(format!("there is no isolation `{name}`"))
            .help("the levels are basic, confined and full")
    })
}

fn shard(value: &str) -> Result<(usize, usize)> {
    let numbers = value
        .split_once('/')
        .and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
    match numbers {
        Some((index, of)) if index >= 1 && index <= of => Ok((index, of)),
        _ => Err(Error::new(format!(
            "`--shard {value}` is not of the form 1/4"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::{Command, parse};
    use crate::report::Format;
    use crate::sandbox::Level;

    fn line(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(Into::into)).map_err(|error| error.to_string())
    }

    #[test]
    fn right_lines_are_understood() {
        let Ok(Command::Grade(grade)) = line(
            "grade a b --stage logic --shard 2/3 --require-isolation --report html=c.html --format csv --memory 2",
        ) else {
            panic!("the line is right");
        };
        assert_eq!(grade.folders.len(), 2);
        assert_eq!(grade.shard, Some((2, 3)));
        assert_eq!(grade.required, Some(Level::Full));
        assert_eq!(grade.reports.format, Format::Csv);
        assert_eq!(grade.reports.files, [(Format::Html, "c.html".into())]);
        assert_eq!(grade.bounds.test_memory, 2 * 1024 * 1024);
        assert!(
            matches!(line("a --require-isolation=confined"), Ok(Command::Grade(grade)) if grade.required == Some(Level::Confined))
        );
        assert!(
            matches!(line("merge a.json b.json"), Ok(Command::Merge { files, .. }) if files.len() == 2)
        );
        assert!(matches!(
            line("export --stage logic --out x"),
            Ok(Command::Export {
                questions: true,
                ..
            })
        ));
        assert!(matches!(
            line("export --stage logic --out x --no-questions"),
            Ok(Command::Export {
                questions: false,
                ..
            })
        ));
        assert!(matches!(line("grade --help"), Ok(Command::Help)));
    }

    #[test]
    fn wrong_lines_say_what_is_wrong() {
        for (words, said) in [
            ("a --shard 0/3", "1/4"),
            ("a --shard 4/3", "1/4"),
            ("a --jobs 0", "from 1"),
            ("a --format xml", "no format `xml`"),
            ("a --report html", "FORMAT=FILE"),
            ("a --isolation none", "no isolation `none`"),
            ("a --out x", "does not take `--out`"),
            ("a --nonsense", "--nonsense"),
            ("merge a --stage x", "does not take `--stage`"),
            ("export --stage x", "needs `--out DIR`"),
            ("a --no-questions", "does not take `--no-questions`"),
        ] {
            let error = line(words).expect_err(words);
            assert!(error.contains(said), "{words}: {error}");
        }
    }
}

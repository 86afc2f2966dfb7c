//! The command line: one table says what each command is called, what it takes, and the words of `--help`.

use std::ffi::OsString;

use lexopt::{Arg, Parser, ValueExt};

use xtask_core::course::nearest;
use xtask_core::error::{Error, Result};

use crate::commands::elsewhere;
use crate::terminal::wrapped;

/// What the user asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Command {
    Next,
    Watch { start: Option<String> },
    Check(Check),
    List { format: Format },
    Lesson { name: Option<String> },
    Hint { name: Option<String>, all: bool },
    Open { name: Option<String> },
    Reset { name: String, tests: bool },
    Solution { name: String, anyway: bool },
    Doctor,
    Help { text: String },
}

impl Command {
    /// The exercises and stages that it names.
    pub fn names(&self) -> &[String] {
        use std::slice::from_ref;
        match self {
            Command::Check(check) => &check.names,
            Command::Watch { start: name }
            | Command::Lesson { name }
            | Command::Hint { name, .. }
            | Command::Open { name } => name.as_slice(),
            Command::Reset { name, .. } | Command::Solution { name, .. } => from_ref(name),
            Command::Next | Command::List { .. } | Command::Doctor | Command::Help { .. } => &[],
        }
    }
}

/// What `check` takes.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Check {
    pub names: Vec<String>,
    pub all: bool,
    pub all_failures: bool,
    pub printed: bool,
    pub format: Format,
}

impl Check {
    /// Whether somebody looks at more than the first failure of an exercise.
    pub fn wants_all_failures(&self) -> bool {
        self.all_failures || self.printed || self.format == Format::Json
    }
}

/// For whom the answer is printed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    #[default]
    Text,
    Json,
}

/// A whole command line.
#[derive(Debug, PartialEq, Eq)]
pub struct Line {
    pub command: Command,
    /// For a screen reader: no bars, no boxes, no screen that is drawn again.
    pub plain: bool,
}

/// How many names a command takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Names {
    None,
    AtMostOne,
    One,
    Any,
}

impl Names {
    fn usage(self) -> &'static str {
        match self {
            Names::None => "",
            Names::AtMostOne => " [NAME]",
            Names::One => " NAME",
            Names::Any => " [NAME…]",
        }
    }

    fn most(self) -> usize {
        match self {
            Names::None => 0,
            Names::AtMostOne | Names::One => 1,
            Names::Any => usize::MAX,
        }
    }
}

/// One option.
struct Flag {
    name: &'static str,
    /// What its value is called, where it takes one.
    value: Option<&'static str>,
    help: &'static str,
}

const fn flag(name: &'static str, help: &'static str) -> Flag {
    Flag {
        name,
        value: None,
        help,
    }
}

const FORMAT: Flag = Flag {
    name: "format",
    value: Some("text|json"),
    help: "for whom the answer is printed",
};

/// One command, with everything that is said about it and what it becomes.
struct Spec {
    name: &'static str,
    names: Names,
    /// The line in the overview.
    about: &'static str,
    /// What `--help` says below the usage.
    help: &'static [&'static str],
    flags: &'static [Flag],
    examples: &'static [&'static str],
    make: fn(Words) -> Result<Command>,
}

static COMMANDS: [Spec; 10] = [
    Spec {
        name: "watch",
        names: Names::AtMostOne,
        about: "the same on every save, until you press q",
        help: &[
            "Checks the current exercise now and on every save. NAME starts at that exercise, or at the first \
             unfinished one of that stage.",
            "Keys: h hint, n next exercise, b back, c (or Enter) check again, e open in your editor, l list, r reset, \
             s solution, q quit. Without a terminal there are no keys, and Ctrl-C ends it.",
        ],
        flags: &[],
        examples: &["watch", "watch frameworks"],
        make: |mut words| {
            Ok(Command::Watch {
                start: words.name(),
            })
        },
    },
    Spec {
        name: "check",
        names: Names::Any,
        about: "judge exercises or whole stages; --all for everything",
        help: &[
            "Judges the exercises and stages named; without a name, the current exercise, and in the folder of a \
             stage that stage. What passed before and has not changed is not compiled again. Of an exercise that does \
             not pass, the first failure is shown. Exit code 0 only if everything asked for passes.",
        ],
        flags: &[
            flag("all", "the whole course"),
            flag("all-failures", "every failing test, not only the first one"),
            flag("printed", "also what the code printed in tests that pass"),
            FORMAT,
        ],
        examples: &[
            "check variables",
            "check logic frameworks/routing",
            "check exercises/01-logic/src/loops.rs --all-failures",
            "check --all --format json",
        ],
        make: |mut words| {
            let all = words.has("all");
            if all && !words.names.is_empty() {
                return Err(Error::new("`check` takes names or `--all`, not both"));
            }
            Ok(Command::Check(Check {
                all,
                all_failures: words.has("all-failures"),
                printed: words.has("printed"),
                format: words.format,
                names: std::mem::take(&mut words.names),
            }))
        },
    },
    Spec {
        name: "list",
        names: Names::None,
        about: "the roadmap with your progress",
        help: &[
            "Shows the roadmap by level, stage and exercise, with what is done. Nothing is compiled: an exercise \
             counts as done when it passed and has not changed since.",
        ],
        flags: &[FORMAT],
        examples: &["list", "list --format json"],
        make: |words| {
            Ok(Command::List {
                format: words.format,
            })
        },
    },
    Spec {
        name: "lesson",
        names: Names::AtMostOne,
        about: "the lesson of an exercise, or how a stage begins",
        help: &[
            "Shows the lesson of an exercise, or the introduction of a stage; without a name, the lesson of the \
             current exercise.",
        ],
        flags: &[],
        examples: &["lesson ownership", "lesson start"],
        make: |mut words| Ok(Command::Lesson { name: words.name() }),
    },
    Spec {
        name: "hint",
        names: Names::AtMostOne,
        about: "the next hint, one at a time",
        help: &[
            "Shows the next hint of an exercise (there are three); without a name, of the current one.",
        ],
        flags: &[flag("all", "those that you have seen again, and the rest")],
        examples: &["hint", "hint loops --all"],
        make: |mut words| {
            Ok(Command::Hint {
                all: words.has("all"),
                name: words.name(),
            })
        },
    },
    Spec {
        name: "open",
        names: Names::AtMostOne,
        about: "the exercise in your editor",
        help: &[
            "Opens the file of an exercise, at the line where work is left; without a name, of the current one. The \
             editor is the one that the environment names as VISUAL or EDITOR, or else VS Code.",
        ],
        flags: &[],
        examples: &["open", "open loops"],
        make: |mut words| Ok(Command::Open { name: words.name() }),
    },
    Spec {
        name: "reset",
        names: Names::One,
        about: "bring the starter back; your file is kept beside it",
        help: &[
            "Brings the starter of an exercise back. Your file is kept beside it as NAME.rs.kept-1, NAME.rs.kept-2 \
             and so on.",
        ],
        flags: &[flag(
            "tests",
            "its tests instead; with a stage, everything in the stage's tests folder",
        )],
        examples: &["reset loops", "reset --tests logic"],
        make: |mut words| {
            Ok(Command::Reset {
                tests: words.has("tests"),
                name: words.required("reset")?,
            })
        },
    },
    Spec {
        name: "solution",
        names: Names::One,
        about: "compare yours with the reference answer",
        help: &["Shows how the reference answer differs from yours, once yours passes."],
        flags: &[flag("anyway", "before yours passes, too")],
        examples: &["solution loops", "solution loops --anyway"],
        make: |mut words| {
            Ok(Command::Solution {
                anyway: words.has("anyway"),
                name: words.required("solution")?,
            })
        },
    },
    Spec {
        name: "doctor",
        names: Names::None,
        about: "look for what is missing on this machine",
        help: &[
            "Looks at the toolchain, the linker, the C compiler, the disk and the crates that an offline machine \
             needs. For whatever is missing it says the command that mends it. Exit code 1 if something is.",
        ],
        flags: &[],
        examples: &["doctor"],
        make: |_| Ok(Command::Doctor),
    },
    Spec {
        name: "help",
        names: Names::AtMostOne,
        about: "this overview, or more about one command",
        help: &["Shows the overview, or what one command takes."],
        flags: &[],
        examples: &["help", "help check"],
        make: |mut words| {
            let text = match words.name() {
                None => overview(),
                Some(name) => spec(&name)?.text(),
            };
            Ok(Command::Help { text })
        },
    },
];

/// What the JSON of `check` looks like; it stands in no table of options.
const JSON: &str = "\
The JSON document:
  {\"exercises\":[{\"exercise\":\"logic/variables\",
    \"status\":\"passed|failed|not_started|compile_error|timed_out\",
    \"tests\":[{\"name\":\"…\",\"status\":\"passed|failed|timed_out\",\"message\":\"…\"}],
    \"changed\":[{\"name\":\"…\",\"file\":\"…\",\"starter\":\"…\",\"yours\":\"…\"}]}]}
`changed` is there when a signature is not as in the starter.
What is missing in one of the two is null.
";

impl Spec {
    fn text(&self) -> String {
        let mut text = format!("Usage: cargo xtask {}{}", self.name, self.names.usage());
        if !self.flags.is_empty() {
            text += " [OPTION…]";
        }
        text += "\n";
        for paragraph in self.help {
            text += &format!("\n{}\n", wrapped(paragraph, ""));
        }
        let plain = flag("plain", PLAIN);
        text += "\nOptions\n";
        for flag in self.flags.iter().chain([&plain]) {
            let value = flag
                .value
                .map_or(String::new(), |value| format!(" {value}"));
            let name = format!("--{}{value}", flag.name);
            text += &row(&name, flag.help);
        }
        text += "\nExamples\n";
        for example in self.examples {
            text += &format!("  cargo xtask {example}\n");
        }
        if self.name == "check" {
            text += &format!("\n{JSON}");
        }
        text
    }
}

const PLAIN: &str = "for a screen reader: no bars, no boxes, no screen that is drawn again";

/// A word and what it means, the meaning in a column of its own.
fn row(word: &str, meaning: &str) -> String {
    const COLUMN: usize = 23;
    let rest = wrapped(meaning, &" ".repeat(COLUMN));
    if word.chars().count() + 4 > COLUMN {
        return format!("  {word}\n{rest}\n");
    }
    format!(
        "  {word:<width$}{}\n",
        rest.trim_start(),
        width = COLUMN - 2
    )
}

fn overview() -> String {
    let about = "Backend Roadmap: learn backend development in Rust, one failing test at a time.";
    let mut text = wrapped(about, "") + "\n\nUsage: cargo xtask [COMMAND]\n\nFor learners\n";
    text += &row("(nothing)", "check where you are, and say what to do next");
    for spec in &COMMANDS {
        let name = format!("{}{}", spec.name, spec.names.usage());
        text += &row(&name, spec.about);
    }
    for (title, package) in [
        ("For instructors", "grade"),
        ("For maintainers", "maintain"),
    ] {
        text += &format!("\n{title}\n");
        for other in elsewhere::COMMANDS
            .iter()
            .filter(|other| other.package == package)
        {
            let name = format!("{}{}", other.name, other.names);
            text += &row(&name, other.about);
        }
    }
    let end = [
        "NAME is an exercise (`variables`, `logic/variables`), a stage (`logic`, `01-logic`), or the path of a file or \
         folder of one. `cargo xtask COMMAND --help` says more about one command.",
        "Exit codes: 0 all is well, 1 something asked for does not pass, 2 the command or the course is wrong, 130 \
         stopped by Ctrl-C.",
        "`NO_COLOR=1` turns colours off. `--plain`, or `XTASK_PLAIN=1` for all commands, is for screen readers: no \
         bars, no boxes, no screen that is drawn again.",
    ];
    for paragraph in end {
        text += &format!("\n{}\n", wrapped(paragraph, ""));
    }
    text
}

fn spec(name: &str) -> Result<&'static Spec> {
    let mut known = COMMANDS.iter();
    known
        .find(|spec| spec.name == name)
        .ok_or_else(|| unknown_command(name))
}

/// Reads the command line.
///
/// # Errors
///
/// When it does not fit: a word that is no command, an option that the command does not have, a missing name.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Line> {
    let mut words = Words::read(&mut Parser::from_args(arguments))?;
    let plain = words.take("plain");
    let command = words.understood()?;
    Ok(Line { command, plain })
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

    fn understood(mut self) -> Result<Command> {
        let asks_for_help = self.take("help");
        let Some(name) = self.command.clone() else {
            self.expect("xtask", &[], 0)?;
            return Ok(if asks_for_help {
                Command::Help { text: overview() }
            } else {
                Command::Next
            });
        };
        let spec = spec(&name)?;
        if asks_for_help && spec.name != "help" {
            return Ok(Command::Help { text: spec.text() });
        }
        self.expect(spec.name, spec.flags, spec.names.most())?;
        (spec.make)(self)
    }

    fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|known| known == flag)
    }

    fn take(&mut self, flag: &str) -> bool {
        let had = self.has(flag);
        self.flags.retain(|known| known != flag);
        had
    }

    /// The first name.
    fn name(&mut self) -> Option<String> {
        (!self.names.is_empty()).then(|| self.names.remove(0))
    }

    fn required(&mut self, command: &str) -> Result<String> {
        self.name().ok_or_else(|| {
            Error::new(format!("`{command}` needs a name"))
                .help(format!("see `cargo xtask {command} --help`"))
        })
    }

    /// Refuses options and names that the command does not take.
    fn expect(&self, command: &str, flags: &[Flag], most_names: usize) -> Result<()> {
        let usage = match command {
            "xtask" => "see `cargo xtask --help`".to_owned(),
            _ => format!("see `cargo xtask {command} --help`"),
        };
        let is_known = |name: &String| flags.iter().any(|flag| flag.name == name.as_str());
        if let Some(flag) = self.flags.iter().find(|flag| !is_known(flag)) {
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
}

/// What other tools call it, and the learner's command for it.
const CALLED_OTHERWISE: [(&str, &str); 10] = [
    ("next", "cargo xtask"),
    ("start", "cargo xtask"),
    ("run", "cargo xtask"),
    ("go", "cargo xtask"),
    ("status", "cargo xtask list"),
    ("progress", "cargo xtask list"),
    ("roadmap", "cargo xtask list"),
    ("test", "cargo xtask check"),
    ("edit", "cargo xtask open"),
    ("answer", "cargo xtask solution"),
];

/// Only learners' commands are suggested: whoever writes the course or grades knows the others.
fn unknown_command(name: &str) -> Error {
    let known: Vec<String> = COMMANDS.iter().map(|spec| spec.name.to_owned()).collect();
    let error = Error::new(format!("there is no command `{name}`"));
    let mut others = CALLED_OTHERWISE.iter();
    if let Some((_, command)) = others.find(|(other, _)| *other == name) {
        return error.help(format!("that is `{command}` here"));
    }
    match nearest(name, &known) {
        Some(near) => error.help(format!("did you mean `cargo xtask {near}`?")),
        None => error.help(format!(
            "`cargo xtask --help` lists the commands; to check an exercise: `cargo xtask check {name}`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::{COMMANDS, Check, Command, Format, Line, overview, parse};
    use crate::commands::elsewhere;

    fn line(line: &str) -> Line {
        parse(line.split_whitespace().map(Into::into)).expect("the line is right")
    }

    fn command(text: &str) -> Command {
        line(text).command
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
                format: Format::Json,
                ..Check::default()
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
        assert!(line("--plain").plain && line("watch --plain").plain && !line("watch").plain);
    }

    #[test]
    fn wrong_lines_say_what_is_wrong() {
        assert!(refusal("wach").contains("did you mean `cargo xtask watch`?"));
        assert!(refusal("next").contains("that is `cargo xtask` here"));
        for name in ["nex", "neww", "seall", "verfy", "gradee", "exportt"] {
            let said = refusal(name);
            let others = elsewhere::COMMANDS.iter().map(|other| other.name);
            for other in others {
                let suggested = format!("xtask {other}`");
                assert!(!said.contains(&suggested), "{said}");
            }
        }
        assert!(refusal("list --anyway").contains("`list` does not take `--anyway`"));
        assert!(refusal("reset").contains("`reset` needs a name"));
        assert!(refusal("list logic").contains("`list` has no use for `logic`"));
        assert!(refusal("check --format yaml").contains("no format `yaml`"));
        assert!(refusal("check --all logic").contains("not both"));
        assert!(refusal("--nonsense").contains("does not take `--nonsense`"));
        assert!(refusal("help wach").contains("did you mean"));
    }

    #[test]
    fn every_command_is_in_the_overview_and_explains_itself() {
        let overview = overview();
        let own = COMMANDS.iter().map(|spec| spec.name);
        for name in own.chain(elsewhere::COMMANDS.iter().map(|other| other.name)) {
            assert!(overview.contains(&format!("\n  {name}")), "{name}");
        }
        for spec in &COMMANDS {
            let text = spec.text();
            for flag in spec.flags {
                assert!(text.contains(&format!("--{}", flag.name)), "{text}");
            }
            let made = parse(["help".into(), spec.name.into()]);
            let help = Command::Help { text };
            assert_eq!(made.expect("it is known").command, help);
        }
    }
}

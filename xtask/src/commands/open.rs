//! `cargo xtask open`: the exercise in the learner's editor, at the line where work is left.

use std::env;
use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use xtask_core::course::Item;
use xtask_core::desk::Desk;
use xtask_core::engine::Verdict;
use xtask_core::error::{Error, Kind, Result};
use xtask_core::files;

use super::Ending;
use crate::terminal::wrapped;

/// How an editor is told a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// `+12 FILE`
    Plus,
    /// `FILE:12`
    Colon,
    /// `--goto FILE:12`
    Goto,
    /// Nobody knows.
    Unknown,
}

/// The editors that are known by name: how each is told a line, and whether it works in the terminal.
const EDITORS: [(&str, Style, bool); 19] = [
    ("vi", Style::Plus, true),
    ("vim", Style::Plus, true),
    ("nvim", Style::Plus, true),
    ("nano", Style::Plus, true),
    ("pico", Style::Plus, true),
    ("micro", Style::Plus, true),
    ("joe", Style::Plus, true),
    ("ne", Style::Plus, true),
    ("kak", Style::Plus, true),
    ("emacs", Style::Plus, true),
    ("hx", Style::Colon, true),
    ("helix", Style::Colon, true),
    ("gedit", Style::Plus, false),
    ("zed", Style::Colon, false),
    ("subl", Style::Colon, false),
    ("code", Style::Goto, false),
    ("code-insiders", Style::Goto, false),
    ("codium", Style::Goto, false),
    ("cursor", Style::Goto, false),
];

/// Opens an exercise, the current one without a name.
///
/// # Errors
///
/// When the name is wrong, or no editor can be started.
pub fn run(desk: &Desk<'_>, name: Option<&str>) -> Result<Ending> {
    let item = desk.named_or_current(name)?;
    let opened = Opening::of(&item, None)?;
    opened.start()?;
    let words = format!(
        "{}:{} is open in {}.",
        opened.shown, opened.line, opened.program
    );
    println!("{}", wrapped(&words, ""));
    Ok(Ending::Well)
}

/// An editor that is about to be started.
pub struct Opening {
    program: String,
    arguments: Vec<OsString>,
    /// It needs the terminal until its end.
    pub takes_terminal: bool,
    shown: String,
    line: usize,
}

impl Opening {
    /// The editor that the environment names, or else VS Code, with the file of an exercise. `verdict` knows the line
    /// that failed last.
    ///
    /// # Errors
    ///
    /// When there is no such file.
    pub fn of(item: &Item<'_>, verdict: Option<&Verdict>) -> Result<Self> {
        let file = item.source();
        let text = files::read(&file)?;
        let shown = item.stage.shown(&file);
        let line = verdict
            .and_then(|verdict| failed_line(verdict, &shown))
            .unwrap_or_else(|| line_of_work(&text));
        let named = ["VISUAL", "EDITOR"]
            .iter()
            .filter_map(|name| env::var(name).ok())
            .find(|value| !value.trim().is_empty());
        let usual = if cfg!(windows) { "code.cmd" } else { "code" };
        let command = named.unwrap_or_else(|| usual.to_owned());
        Ok(Self::with(&command, &file, shown, line))
    }

    fn with(command: &str, file: &Path, shown: String, line: usize) -> Self {
        // The whole may be a path with spaces, or a program and what it is to be given.
        let words: Vec<&str> = if Path::new(command).exists() {
            vec![command]
        } else {
            command.split_whitespace().collect()
        };
        let (program, given) = words
            .split_first()
            .map_or(("code", &[][..]), |(one, rest)| (*one, rest));
        let name = Path::new(program)
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let known = EDITORS.iter().find(|(known, ..)| *known == name);
        let (style, takes_terminal) = known
            .map_or((Style::Unknown, false), |(_, style, terminal)| {
                (*style, *terminal)
            });
        let in_window = name == "emacs"
            && !given.contains(&"-nw")
            && ["DISPLAY", "WAYLAND_DISPLAY"]
                .iter()
                .any(|name| env::var_os(name).is_some());
        let mut arguments: Vec<OsString> = given.iter().map(Into::into).collect();
        let with_line = || {
            let mut text = file.as_os_str().to_owned();
            text.push(format!(":{line}"));
            text
        };
        match style {
            Style::Plus => arguments.extend([format!("+{line}").into(), file.into()]),
            Style::Colon => arguments.push(with_line()),
            Style::Goto => arguments.extend(["--goto".into(), with_line()]),
            Style::Unknown => arguments.push(file.into()),
        }
        Self {
            program: program.to_owned(),
            arguments,
            takes_terminal: takes_terminal && !in_window,
            shown,
            line,
        }
    }

    /// Starts the editor. One that works in the terminal has it until its end; nobody waits for another.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn start(&self) -> Result<()> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        let started = if self.takes_terminal {
            command.status().map(|_| ())
        } else {
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .map(|_| ())
        };
        started.map_err(|cause| {
            Error::of(
                Kind::System,
                format!("the editor `{}` cannot be started: {cause}", self.program),
            )
            .help(format!(
                "name yours in the environment, EDITOR=nano for example; or open {} by hand",
                self.shown
            ))
        })
    }
}

/// The line of the exercise's own file that a verdict points to.
fn failed_line(verdict: &Verdict, shown: &str) -> Option<usize> {
    let said = verdict
        .diagnostics
        .iter()
        .filter_map(|said| said.place.as_deref());
    let failed = verdict.failures().filter_map(|test| test.place());
    let inside = |place: &str| {
        let rest = place.strip_prefix(shown)?.strip_prefix(':')?;
        rest.split(':').next()?.parse().ok()
    };
    said.chain(failed).find_map(inside)
}

/// The first line that still holds a `todo!`, or else the first function.
fn line_of_work(text: &str) -> usize {
    let is_code = |line: &str| !line.trim_start().starts_with("//");
    let line_with = |word: &str| {
        let mut lines = text.lines();
        lines.position(|line| is_code(line) && line.contains(word))
    };
    line_with("todo!").or_else(|| line_with("fn ")).unwrap_or(0) + 1
}

#[cfg(test)]
mod tests {
    use super::{Opening, line_of_work};
    use std::path::Path;

    fn arguments(command: &str) -> Vec<String> {
        let opening = Opening::with(command, Path::new("a b.rs"), String::new(), 7);
        let texts = opening.arguments.iter();
        texts
            .map(|text| text.to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn each_editor_is_told_the_line_in_its_own_way() {
        assert_eq!(arguments("/usr/bin/vim"), ["+7", "a b.rs"]);
        assert_eq!(arguments("code --wait"), ["--wait", "--goto", "a b.rs:7"]);
        assert_eq!(arguments("hx"), ["a b.rs:7"]);
        assert_eq!(arguments("my-editor"), ["a b.rs"]);
    }

    #[test]
    fn work_is_left_where_a_todo_stands() {
        assert_eq!(line_of_work("//! `todo!`\nfn a() {\n    todo!()\n}\n"), 3);
        assert_eq!(line_of_work("//! Text.\n\npub fn a() {}\n"), 3);
        assert_eq!(line_of_work(""), 1);
    }
}

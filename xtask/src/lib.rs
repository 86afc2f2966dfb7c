//! The runner of the Backend Roadmap: `cargo xtask`.
//!
//! The command line and what a terminal shows; what can be done is in `xtask-core`. The commands for instructors and
//! maintainers are packages of their own, so that no learner waits for them.

pub mod commands;
pub mod documents;
pub mod flags;
pub mod interrupt;
pub mod report;
pub mod terminal;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use xtask_core::course::Course;
use xtask_core::desk::{Desk, target_folder};
use xtask_core::engine::become_test;
use xtask_core::error::{Error, Kind, Result};
use xtask_core::process::Cancel;

use commands::{
    Ending, check, doctor, elsewhere, hint, lesson, list, next, open, renamed, reset, solution,
    watch,
};
use flags::{Command, Format};
use terminal::{Meter, error_text};

/// The exit code of a command that was called off, as shells give it after Ctrl-C.
const CALLED_OFF: u8 = 130;

/// The whole command: reads the arguments, does what they say, and answers the exit code.
#[must_use]
pub fn main() -> ExitCode {
    if let Some(code) = become_test() {
        return code;
    }
    interrupt::install();
    end_quietly_on_a_closed_pipe();
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if let Some(code) = elsewhere::delegate(&arguments) {
        return code;
    }
    terminal::begin(arguments.iter().any(|argument| argument == "--plain"));
    let command = flags::parse(arguments).map(|line| line.command);
    let wants_json = matches!(&command, Ok(Command::Check(check)) if check.format == Format::Json);
    exit_code(command.and_then(run), wants_json)
}

/// Says what went wrong, if something did, and answers the exit code.
pub fn exit_code(result: Result<Ending>, wants_json: bool) -> ExitCode {
    terminal::take_line_away();
    match result {
        Ok(Ending::Well) => ExitCode::SUCCESS,
        Ok(Ending::NotYet) => ExitCode::from(1),
        Err(error) if error.kind() == Kind::Cancelled => ExitCode::from(CALLED_OFF),
        Err(error) => {
            eprintln!("{}", error_text("error: ", &error));
            if wants_json {
                println!("{}", documents::error(&error));
            }
            ExitCode::from(2)
        }
    }
}

/// `cargo xtask list | head` closes the pipe before everything is printed. That is no fault of the runner, so it ends
/// without a word, with the exit code that shells give to a program that a closed pipe has stopped. A terminal that is
/// closed is no fault of the runner either.
fn end_quietly_on_a_closed_pipe() {
    const CLOSED_PIPE: i32 = 141;
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let message = panic.payload_as_str().unwrap_or_default();
        if message.starts_with("failed printing to std") {
            interrupt::end(CLOSED_PIPE);
        }
        interrupt::restore();
        report(panic);
    }));
}

fn run(command: Command) -> Result<Ending> {
    if let Command::Help { text } = command {
        print!("{text}");
        return Ok(Ending::Well);
    }
    let course = load()?;
    let cancel = Cancel::default();
    let meter = Meter::default();
    let for_a_program = matches!(&command, Command::Check(check) if check.format == Format::Json);
    let colours = console::colors_enabled() && !for_a_program;
    let target = target_folder(&course.root);
    let wants_all = matches!(&command, Command::Check(check) if check.wants_all_failures());
    let desk = Desk::new(&course, target.clone(), cancel.clone(), &meter, colours)
        .impatient(!wants_all)
        .holding();
    if let Some(notice) = desk.notice()? {
        eprintln!("{}", terminal::wrapped(&notice, ""));
    }
    for name in command.names() {
        renamed::print_called(&course, name);
    }
    let renamed = renamed::words(&desk);
    if !matches!(command, Command::Watch { .. }) {
        eprint!("{renamed}");
    }
    match command {
        Command::Help { .. } => Ok(Ending::Well),
        Command::Next => next::run(&desk),
        Command::Watch { start } => watch::run(&desk, start.as_deref(), &cancel, renamed),
        Command::Check(check) => check::run(&desk, &check),
        Command::List { format } => list::run(&desk, format),
        Command::Lesson { name } => lesson::run(&desk, name.as_deref()),
        Command::Hint { name, all } => hint::run(&desk, name.as_deref(), all),
        Command::Open { name } => open::run(&desk, name.as_deref()),
        Command::Reset { name, tests } => reset::run(&course, &name, tests),
        Command::Solution { name, anyway } => solution::run(&desk, &name, anyway),
        Command::Doctor => doctor::run(&course, &target),
    }
}

/// Reads the course that this runner belongs to, and says which of its stages are broken.
///
/// # Errors
///
/// When there is no course, or its roadmap cannot be read.
pub fn load() -> Result<Course> {
    let course = Course::load(&root()?)?;
    for fault in &course.faults {
        eprintln!("{}\n", error_text("error: ", fault));
    }
    Ok(course)
}

/// The folder of the course: that of the workspace that this runner belongs to, or the nearest one above the
/// working folder.
///
/// # Errors
///
/// When there is no course.
pub fn root() -> Result<PathBuf> {
    let is_course = |folder: &&Path| folder.join("exercises").join("roadmap.toml").exists();
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let working = std::env::current_dir()
        .map_err(|cause| Error::of(Kind::System, format!("there is no working folder: {cause}")))?;
    let candidates = manifest
        .iter()
        .flat_map(|folder| folder.ancestors())
        .chain(working.ancestors());
    let found = candidates.into_iter().find(is_course);
    found.map(Path::to_owned).ok_or_else(|| {
        Error::new("there is no course here: no folder above this one holds exercises/roadmap.toml")
            .help("run it inside a clone of the course")
    })
}

//! The runner of the Backend Roadmap: `cargo xtask`.
//!
//! The pieces are a library, so that `grade` judges submissions with the same engine.

pub mod commands;
pub mod course;
pub mod engine;
pub mod error;
pub mod files;
pub mod fingerprint;
pub mod flags;
pub mod interrupt;
pub mod progress;
pub mod report;
#[cfg(test)]
mod sample;
pub mod terminal;
pub mod toml_file;
pub mod verify;
pub mod workbench;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use commands::{
    Ending, check, doctor, hint, lesson, list, new, next, reset, seal, solution, watch,
};
use course::Course;
use engine::Cancel;
use error::{Error, Result};
use flags::{Command, Format};
use workbench::{Workbench, target_folder};

/// The whole command: reads the arguments, does what they say, and answers the exit code.
#[must_use]
pub fn main() -> ExitCode {
    interrupt::install();
    end_quietly_on_a_closed_pipe();
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if let Some(code) = commands::grade::delegate(&arguments) {
        return code;
    }
    let command = flags::parse(arguments);
    let wants_json = matches!(&command, Ok(Command::Check(check)) if check.format == Format::Json);
    match command.and_then(run) {
        Ok(Ending::Well) => ExitCode::SUCCESS,
        Ok(Ending::NotYet) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error}");
            if wants_json {
                println!("{:#}", serde_json::json!({"error": error.to_string()}));
            }
            ExitCode::from(2)
        }
    }
}

/// `cargo xtask list | head` closes the pipe before everything is printed. That is no fault of the runner, so it ends
/// without a word, with the exit code that shells give to a program that a closed pipe has stopped.
fn end_quietly_on_a_closed_pipe() {
    const CLOSED_PIPE: i32 = 141;
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let message = panic.payload_as_str().unwrap_or_default();
        if message.starts_with("failed printing to std") && message.contains("roken pipe") {
            std::process::exit(CLOSED_PIPE);
        }
        report(panic);
    }));
}

fn run(command: Command) -> Result<Ending> {
    if let Command::Help { text } = command {
        print!("{text}");
        return Ok(Ending::Well);
    }
    let course = Course::load(&root()?)?;
    for fault in &course.faults {
        eprintln!("error: {fault}\n");
    }
    let cancel = Cancel::default();
    match command {
        Command::Help { .. } => Ok(Ending::Well),
        Command::Doctor => doctor::run(&course, &target_folder(&course.root)),
        Command::Verify { stage } => {
            commands::verify::run(&course, target_folder(&course.root), stage.as_deref())
        }
        Command::New { stage, name } => new::run(&course, &stage, &name),
        Command::Seal { stage } => seal::run(&course, stage.as_deref()),
        Command::Reset { name, tests } => reset::run(&course, &name, tests),
        learner => {
            let for_a_program =
                matches!(&learner, Command::Check(check) if check.format == Format::Json);
            let colours = console::colors_enabled() && !for_a_program;
            let mut bench = Workbench::new(&course, cancel.clone(), colours)?;
            match learner {
                Command::Watch { start } => watch::run(&mut bench, start.as_deref(), &cancel),
                Command::Check(check) => check::run(&mut bench, &check),
                Command::List { format } => list::run(&bench, format),
                Command::Lesson { name } => lesson::run(&bench, name.as_deref()),
                Command::Hint { name, all } => hint::run(&mut bench, name.as_deref(), all),
                Command::Solution { name, anyway } => solution::run(&mut bench, &name, anyway),
                _ => next::run(&mut bench),
            }
        }
    }
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
        .map_err(|cause| Error::new(format!("there is no working folder: {cause}")))?;
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

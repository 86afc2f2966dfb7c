//! For those who write the course: [`verify`] proves it, [`new`] begins an exercise, and [`seal`] records what is
//! handed out.

pub mod flags;
pub mod new;
pub mod seal;
pub mod verify;

use std::process::ExitCode;

use xtask::commands::Ending;
use xtask::interrupt;
use xtask_core::desk::target_folder;
use xtask_core::error::Result;

use flags::Command;

/// The whole command: reads the arguments, does what they say, and answers the exit code.
#[must_use]
pub fn main() -> ExitCode {
    interrupt::install();
    let command = flags::parse(std::env::args_os().skip(1));
    xtask::exit_code(command.and_then(run), false)
}

fn run(command: Command) -> Result<Ending> {
    if let Command::Help { text } = command {
        print!("{text}");
        return Ok(Ending::Well);
    }
    let course = xtask::load()?;
    match command {
        Command::Help { .. } => Ok(Ending::Well),
        Command::Verify { stage } => {
            verify::run(&course, target_folder(&course.root), stage.as_deref())
        }
        Command::New { stage, name } => new::run(&course, &stage, &name),
        Command::Seal { stage } => seal::run(&course, stage.as_deref()),
    }
}

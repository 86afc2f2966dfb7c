//! For those who write the course: [`verify`] proves it, [`new`] begins an exercise, [`mistake`] keeps the known
//! mistakes, and [`seal`] records what is handed out: starters, tests, and with [`record`] how each known mistake fails.

pub mod flags;
pub mod manifest;
pub mod mistake;
pub mod new;
pub mod patch;
pub mod record;
pub mod seal;
pub mod verify;

use std::process::ExitCode;

use clap::Parser;
use xtask::commands::Ending;
use xtask::interrupt;
use xtask_core::desk::target_folder;
use xtask_core::engine::{Engine, become_test};
use xtask_core::error::Result;
use xtask_core::process::Cancel;

use flags::{Command, Line, MistakeCommand};
use verify::Wish;
use verify::clock::Clock;

/// The whole command: reads the arguments, does what they say, and answers the exit code.
#[must_use]
pub fn main() -> ExitCode {
    if let Some(code) = become_test() {
        return code;
    }
    interrupt::install();
    let line = Line::parse();
    xtask::exit_code(run(line.command), false)
}

fn run(command: Command) -> Result<Ending> {
    let course = xtask::load()?;
    let target = target_folder(&course.root);
    let clock = Clock::default();
    let engine = || {
        Engine::new(&course, target.clone(), Cancel::default())
            .observed(&clock)
            .coloured(console::colors_enabled())
            .holding()
    };
    match command {
        Command::Verify { stage, shard, slow } => {
            let wish = Wish { stage, shard, slow };
            verify::run(&course, &engine(), &clock, &wish)
        }
        Command::New { stage, name } => new::run(&course, &stage, &name),
        Command::Seal { stage } => seal::run(&course, &engine(), &clock, stage.as_deref()),
        Command::Mistake(command) => {
            let engine = engine().hurried(mistake::SECONDS);
            match command {
                MistakeCommand::New {
                    exercise,
                    name,
                    from,
                } => mistake::new::run(&course, &engine, &exercise, &name, from.as_deref()),
                MistakeCommand::Update { stage } => mistake::update::run(&course, stage.as_deref()),
                MistakeCommand::Show { exercise, name } => {
                    mistake::show::run(&course, &engine, &exercise, name.as_deref())
                }
            }
        }
    }
}

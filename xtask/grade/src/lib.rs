//! Grades submissions with the runner's engine: a grade that an instructor can stand behind.
//!
//! The way of a submission: [`intake`] takes its files, [`judge`] puts them into the engine's overlay beside tests that
//! [`instrument`] made provable, [`confine`] starts compilers and tests in the [`sandbox`], [`store`] remembers the
//! marks, and [`report`] tells them.
#![cfg(unix)]

pub mod class;
pub mod confine;
pub mod dep_info;
pub mod disk;
pub mod export;
pub mod flags;
pub mod groups;
pub mod instrument;
pub mod intake;
pub mod judge;
pub mod looks;
pub mod merge;
pub mod plan;
pub mod progress;
pub mod report;
pub mod results;
pub mod roster;
pub mod sandbox;
pub mod settings;
pub mod store;
pub mod text;
pub mod toolchain;

use std::path::Path;
use std::process::ExitCode;

use xtask::interrupt;
use xtask_core::course::Course;
use xtask_core::desk;
use xtask_core::error::{Error, Result};
use xtask_core::files::write_atomically;

use flags::{Command, Grade, Reports};
use results::Report;

/// The whole command: reads the arguments, does what they say, and answers the exit code.
#[must_use]
pub fn main() -> ExitCode {
    if let Some(code) = sandbox::dispatch() {
        return code;
    }
    interrupt::install();
    match flags::parse(std::env::args_os().skip(1)).and_then(run) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(command: Command) -> Result<ExitCode> {
    match command {
        Command::Help => {
            print!("{}", flags::HELP);
            Ok(ExitCode::SUCCESS)
        }
        Command::Merge { files, reports } => {
            publish(&merge::merge(&files)?, &reports)?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Export {
            stages,
            out,
            questions,
        } => {
            let course = Course::load(&xtask::root()?)?;
            export::export(&course, &stages, &out, questions)?;
            println!(
                "{} is ready to be handed out.",
                export::shown(&out).display()
            );
            Ok(ExitCode::SUCCESS)
        }
        Command::Grade(grade) => run_grade(*grade),
    }
}

fn run_grade(grade: Grade) -> Result<ExitCode> {
    let course = Course::load(&xtask::root()?)?;
    for fault in &course.faults {
        eprintln!("error: {fault}\n");
    }
    let entries = match &grade.roster {
        None => roster::of_folders(&grade.folders)?,
        Some(path) => match grade.folders.as_slice() {
            [] => roster::read(path, None)?,
            [base] => roster::read(path, Some(base))?,
            _ => {
                return Err(Error::new(
                    "a roster names the folders itself; at most the one that holds them is given",
                ));
            }
        },
    };
    let work = grade
        .work
        .unwrap_or_else(|| desk::target_folder(&course.root).join("grade"));
    settings::check(
        &course.root,
        &work,
        entries.iter().map(|entry| entry.folder.as_path()),
    )?;
    let wish = class::Wish {
        entries,
        stages: grade.stages,
        exercises: grade.exercises,
        hidden: grade.hidden,
        jobs: grade.jobs,
        shard: grade.shard,
        required: grade.required,
        most: grade.most,
        work,
        bounds: grade.bounds,
    };
    let report = class::grade(&course, &wish)?;
    publish(&report, &grade.reports)?;
    Ok(if report.all_full() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// Prints the result and writes it to files; each file is there whole or not at all.
fn publish(report: &Report, reports: &Reports) -> Result<()> {
    let printed = report::write(report, reports.format)?;
    let files = reports
        .files
        .iter()
        .map(|(format, path)| Ok((path, report::write(report, *format)?)));
    for (path, text) in files.collect::<Result<Vec<_>>>()? {
        write_atomically(Path::new(path), &text)?;
    }
    print!("{printed}");
    Ok(())
}

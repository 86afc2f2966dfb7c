//! The program around the exercises. Given.

mod doors;
mod log;
pub mod options;
mod pages;
mod shop;

use std::error::Error;

use options::{Command, Options};

/// Runs what the options ask for.
pub fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    match options.command {
        Command::Stock => doors::stock(options)?,
        Command::Hello => doors::hello(options)?,
        Command::Shop => doors::shop(options)?,
    }
    Ok(())
}

//! `cargo xtask hint`: one hint at a time.

use console::style;
use xtask_core::desk::Desk;
use xtask_core::error::Result;

use super::Ending;
use crate::terminal::{inline, wrapped};

/// Prints the next hint of an exercise, or all of them.
///
/// # Errors
///
/// When the name is wrong.
pub fn run(desk: &Desk<'_>, name: Option<&str>, all: bool) -> Result<Ending> {
    let item = desk.named_or_current(name)?;
    let id = item.id();
    let (hints, warning) = desk.hints(&item, all);
    for (number, hint) in &hints.now {
        println!(
            "{}",
            style(format!("Hint {number} of {} for {id}", hints.total)).bold()
        );
        println!("{}\n", wrapped(&inline(hint), "  "));
    }
    if hints.again {
        println!("That is every hint. The lesson may help: `cargo xtask lesson {id}`.");
        if item.has_solution() {
            println!("As a last resort: `cargo xtask solution {id} --anyway`.");
        }
    }
    if let Some(warning) = warning {
        eprintln!("warning: that you have seen it could not be remembered: {warning}");
    }
    Ok(Ending::Well)
}

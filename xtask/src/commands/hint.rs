//! `cargo xtask hint`: one hint at a time.

use console::style;
use xtask_core::course::Item;
use xtask_core::desk::Desk;
use xtask_core::error::Result;

use super::Ending;
use crate::terminal::{error_text, inline, wrapped};

/// What is left to somebody who has seen every hint.
fn print_rest(item: &Item<'_>, begin: &str) {
    let id = item.id();
    let mut words = format!("{begin} The lesson may help: `cargo xtask lesson {id}`.");
    if item.has_solution() {
        words += &format!(" As a last resort: `cargo xtask solution {id} --anyway`.");
    }
    println!("{}", wrapped(&words, ""));
}

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
        print_rest(&item, "That is every hint.");
    } else if hints.shown == hints.total {
        print_rest(&item, "That was the last hint.");
    }
    if let Some(warning) = warning {
        let word = "warning: that you have seen it could not be remembered: ";
        eprintln!("{}", error_text(word, &warning));
    }
    Ok(Ending::Well)
}

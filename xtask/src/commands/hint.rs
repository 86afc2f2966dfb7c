//! `cargo xtask hint`: one hint at a time.

use console::style;

use super::Ending;
use crate::error::Result;
use crate::terminal::wrapped;
use crate::workbench::Workbench;

/// Prints the next hint of an exercise, or all of them.
///
/// # Errors
///
/// When the name is wrong, or the progress cannot be written.
pub fn run(bench: &mut Workbench<'_>, name: Option<&str>, all: bool) -> Result<Ending> {
    let item = bench.named_or_current(name)?;
    let (id, hints) = (item.id(), &item.exercise.hints);
    let seen = bench.progress.hints_shown(&id).min(hints.len());
    let shown = if all {
        hints.len()
    } else {
        (seen + 1).min(hints.len())
    };
    // When all were seen, all are shown again: the reader wants to go through them once more.
    let first = if all || seen == hints.len() { 0 } else { seen };
    for (index, hint) in hints.iter().enumerate().take(shown).skip(first) {
        println!(
            "{}",
            style(format!("Hint {} of {} for {id}", index + 1, hints.len())).bold()
        );
        println!("{}\n", wrapped(hint, "  "));
    }
    if seen == hints.len() {
        println!("That is every hint. The lesson may help: `cargo xtask lesson {id}`.");
        println!("As a last resort: `cargo xtask solution {id} --anyway`.");
    }
    bench.progress.note_hints(&id, shown.max(seen))?;
    Ok(Ending::Well)
}

//! One file a command.

pub mod check;
pub mod doctor;
pub mod elsewhere;
pub mod hint;
pub mod lesson;
pub mod list;
pub mod next;
pub mod open;
pub mod renamed;
pub mod reset;
pub mod solution;
pub mod watch;

use xtask_core::error::Error;

use crate::terminal::error_text;

/// How a command ended: the exit code is 0 or 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// All is well.
    Well,
    /// Something that was asked for does not pass.
    NotYet,
}

impl From<bool> for Ending {
    fn from(well: bool) -> Self {
        if well { Ending::Well } else { Ending::NotYet }
    }
}

/// Says what went wrong besides: the verdicts stand.
fn warn(warnings: &[Error]) {
    for warning in warnings {
        let word = "warning: this verdict could not be remembered: ";
        eprintln!("\n{}", error_text(word, warning));
    }
}

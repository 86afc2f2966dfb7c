//! One file a command.

pub mod check;
pub mod doctor;
pub mod grade;
pub mod hint;
pub mod lesson;
pub mod list;
pub mod new;
pub mod next;
pub mod reset;
pub mod seal;
pub mod solution;
pub mod verify;
pub mod watch;

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

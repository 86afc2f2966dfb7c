//! The runner as a learner meets it: the built program in a scratch folder, command by command, and through a terminal
//! where keys and the look of the screen matter.

mod learner;
mod names;
#[cfg(unix)]
mod narrow;
mod question;
#[cfg(unix)]
mod screens;
#[cfg(unix)]
mod signals;
mod signatures;
#[cfg(unix)]
mod watch;
mod words;

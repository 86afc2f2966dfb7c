//! What every program that a stage builds stands on: it goes on whatever clients do, and it ends when it is told to.
//!
//! - [`serve`]: connections, with the [`Limits`] of how many and how long, until a signal ([`stopped`]) and a tidy end
//! - [`limited`]: how many requests at once, and how long their bodies and answers may take; what is too much is a [`Refusal`]
//! - [`logged`]: one line a request in a [`Log`], with a [`RequestId`] that the answer carries; [`broken`] and [`blocking`] keep
//!   the id where something fails, and on threads that may block
//! - [`program`] and [`listen`]: from the arguments to the exit code
//! - [`own`] and [`own_folder`]: files that nobody else reads
//!
//! `README.md` has a program, what happens to which client, and the log.

mod body;
mod connections;
mod files;
mod limits;
mod log;
mod program;
mod refusal;
mod requests;
mod signals;
mod visit;
mod writing;

pub use connections::{Farewell, serve};
pub use files::{own, own_folder};
pub use limits::Limits;
pub use log::{Cause, Lines, Log, RequestId, X_REQUEST_ID, blocking, broken, logged};
pub use program::{listen, program};
pub use refusal::Refusal;
pub use requests::limited;
pub use signals::stopped;

/// The program in the README compiles.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

//! What the tests of every stage share.
//!
//! - [`seeded`]: values that are not written in the source, and the same in every run.
//! - [`Gate`]: threads that are to do something at the same moment.
//! - `server` (feature `server`): a router on a free port, stopped when the test ends.
//! - `http` (feature `server`): the parts of an answer, with messages for whoever reads a failed test.
//! - `database` (feature `database`): a SQLite database for one test.
//!
//! A stage names the features that it uses in its `Cargo.toml`. Without features this crate has no dependencies.

#[cfg(feature = "database")]
pub mod database;
mod gate;
mod seeded;
#[cfg(feature = "server")]
pub mod http;
#[cfg(feature = "server")]
pub mod server;

pub use gate::Gate;
pub use seeded::{Seeded, seeded};

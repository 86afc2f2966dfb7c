//! What is given: everything that is not one of the nine milestones. Read it as you need it; there is nothing to write.
//!
//! - [`app`]: the state of the program, the request's context `Cx`, and the transaction `Tx`
//! - [`events`]: what happens in the shop, and along which lines it is looked at
//! - [`allowed`]: the values by which one can filter
//! - [`neighbours`]: the traits through which one milestone reaches another
//! - [`standins`]: simple answers to those traits, for tests and for milestones that are not written yet
//! - [`problem`]: the one error type; [`http`]: what every answer goes through
//! - [`database`], [`clock`], [`config`]: as their names say
//!
//! The program that stands on top of the milestones lies in `program`.

pub mod allowed;
pub mod app;
pub mod clock;
pub mod config;
pub mod database;
pub mod events;
pub mod http;
pub mod neighbours;
pub mod problem;
pub mod standins;

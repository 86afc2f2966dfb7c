//! What is given: everything that is not one of the ten milestones. Read it as you need it; there is nothing to write.
//!
//! - [`app`]: the state of the program, the request's context `Cx`, and the transaction `Tx`
//! - [`neighbours`]: the traits through which one milestone reaches another
//! - [`standins`]: simple answers to those traits, for tests and for milestones that are not written yet
//! - [`views`]: what the API answers: users, profiles, articles, comments
//! - [`problem`]: the one error type; [`extract`]: what handlers take; [`http`]: what every answer goes through
//! - [`database`]: the SQLite file; its tables, indexes and counters stand in `migrations/001_conduit.sql`
//! - [`query`]: which page of which articles, of the address of a list
//! - [`hasher`]: the one place where Argon2 runs
//! - [`random`], [`clock`], [`config`]: as their names say
//!
//! The program that stands on top of the milestones lies in `program`.

pub mod app;
pub mod clock;
pub mod config;
pub mod database;
pub mod extract;
pub mod hasher;
pub mod http;
pub mod neighbours;
pub mod problem;
pub mod query;
pub mod random;
pub mod standins;
pub mod views;

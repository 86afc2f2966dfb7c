//! What is given: everything that is not one of the nine milestones.

pub mod accounts;
pub mod app;
pub mod clock;
pub mod config;
pub mod database;
pub mod extract;
pub mod http;
pub mod mail;
pub mod names;
pub mod neighbours;
pub mod problem;
pub mod rights;
pub mod standins;
pub mod templates;
pub mod tokens;

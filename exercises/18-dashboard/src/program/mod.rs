//! The program that stands on the nine milestones; there is nothing to write here.
//!
//! - [`routes`]: every address of the program; [`api`]: those for programs; [`page`]: the one for people
//! - [`openapi`]: the API's description
//! - [`demo`]: two years of a shop; [`probe`]: which milestones are written; [`server`]: the command line

pub mod api;
pub mod demo;
pub mod openapi;
pub mod page;
pub mod probe;
pub mod routes;
pub mod server;

//! The program that stands on the nine milestones; there is nothing to write here.
//!
//! - [`routes`]: every address of the program
//! - [`pages`]: the HTML pages; [`openapi`]: the API's description
//! - [`probe`]: which milestones are written; [`server`]: the command line

pub mod openapi;
pub mod pages;
pub mod probe;
pub mod routes;
pub mod server;

//! The program that stands on the ten milestones; there is nothing to write here.
//!
//! - [`routes`]: every address of the program, and which pages of other sites may read its answers
//! - [`openapi`]: the API's description
//! - [`probe`]: which milestones are written; [`server`]: the command line

pub mod openapi;
pub mod probe;
pub mod routes;
pub mod server;

//! The program that stands on the exercises; there is nothing to write here.
//!
//! - [`parts`]: the exercises that have routes, each with sample data, or a stand-in that says that it is not written
//! - [`front`]: the first page
//! - [`options`]: the command line
//! - [`server`]: the start and the end

pub mod front;
pub mod options;
pub mod parts;
pub mod server;

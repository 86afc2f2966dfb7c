//! What the milestones hand to each other. Given: read it, there is nothing to write in it.
//!
//! - [`wishes`]: the words of the service, and what a store promises
//! - [`failure`]: every way in which a request can fail
//! - [`parts`]: the milestones as values, so that each can be tried with stand-ins for the others
//! - [`standins`]: simple answers for the milestones that are not written yet
//! - [`pages`]: the HTML; [`http`]: what handlers take from a request

pub mod failure;
pub mod http;
pub mod pages;
pub mod parts;
pub mod standins;
pub mod wishes;

//! The tests of the stage, a module for each exercise.

mod parsing;
mod errors;
mod streams;
mod files;
mod json;
mod cli;
mod access_log;
mod sharing;

//! The tests of the stage, a module for each exercise.

mod access_log;
mod cli;
mod errors;
mod files;
mod json;
mod parsing;
mod streams;

//! The tests of the stage, a module for each exercise.

mod errors;
mod parsing;
mod streams;
mod files;
mod json;
mod access_log;

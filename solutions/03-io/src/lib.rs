//! Input, output and errors: what comes into a program, what leaves it, and what to say when either goes wrong.

pub mod parsing;
pub mod errors;
pub mod streams;
pub mod files;
pub mod json;
pub mod cli;
pub mod access_log;
pub mod sharing;

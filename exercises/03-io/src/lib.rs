//! Input, output and errors: what comes into a program, what leaves it, and what to say when either goes wrong.

pub mod access_log;
pub mod cli;
pub mod errors;
pub mod files;
pub mod json;
pub mod parsing;
pub mod streams;

//! Programming logic: one file for each exercise.

pub mod conditions;
pub mod debugging;
pub mod functions;
pub mod loops;
pub mod ownership;
pub mod strings;
pub mod variables;

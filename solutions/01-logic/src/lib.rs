//! Programming logic: one file for each exercise.

pub mod variables;
pub mod conditions;
pub mod loops;
pub mod functions;
pub mod strings;
pub mod ownership;
pub mod debugging;

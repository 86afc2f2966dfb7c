//! Programming logic: one file for each exercise.

pub mod variables;

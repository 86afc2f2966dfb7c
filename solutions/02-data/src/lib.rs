//! Data types and control structures: one file for each exercise.

pub mod collections;
pub mod enums;
pub mod iterators;
pub mod newtypes;
pub mod options;
pub mod structs;
pub mod traits;

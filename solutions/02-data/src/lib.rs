//! Data types and control structures: one file for each exercise.

pub mod structs;
pub mod enums;
pub mod options;
pub mod collections;
pub mod iterators;
pub mod traits;
pub mod isbn;
pub mod email;

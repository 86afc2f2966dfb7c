//! Data types and control structures.

pub mod enums;
pub mod structs;

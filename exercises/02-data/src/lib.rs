//! Data types and control structures.

pub mod structs;

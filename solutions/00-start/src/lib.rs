//! Before the first line: one file for each exercise.

pub mod greeting;
pub mod inputs;
pub mod calling;
pub mod mending;

//! The tests of this stage: one file for each exercise.

mod greeting;
mod inputs;
mod calling;
mod mending;

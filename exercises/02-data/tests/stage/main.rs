//! The tests of this stage, one module an exercise.

mod enums;
mod structs;

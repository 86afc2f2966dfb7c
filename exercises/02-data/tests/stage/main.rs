//! The tests of this stage: one file for each exercise, and `texts`, which makes random texts.

mod enums;
mod options;
mod structs;
mod texts;

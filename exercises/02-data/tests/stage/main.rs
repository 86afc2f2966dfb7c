//! The tests of this stage: one file for each exercise, and `texts`, which makes random texts.

mod collections;
mod enums;
mod iterators;
mod newtypes;
mod options;
mod structs;
mod texts;
mod traits;

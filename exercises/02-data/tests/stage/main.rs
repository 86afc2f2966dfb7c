//! The tests of this stage: one file for each exercise, and `texts`, which makes random texts.

mod structs;
mod enums;
mod options;
mod collections;
mod iterators;
mod traits;
mod texts;
mod isbn;
mod email;

//! The tests of this stage: one file for each exercise.

mod variables;

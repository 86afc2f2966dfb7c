//! Grades submissions with the runner's engine: a grade that an instructor can stand behind.

pub mod intake;

//! The tests of this stage: one file for each exercise.

mod conditions;
mod debugging;
mod functions;
mod loops;
mod ownership;
mod strings;
mod variables;

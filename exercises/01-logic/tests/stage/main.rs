//! The tests of this stage: one file for each exercise.

mod variables;
mod conditions;
mod loops;
mod functions;
mod strings;
mod ownership;
mod debugging;

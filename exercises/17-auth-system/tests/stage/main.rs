//! The tests of this stage, in the order of stage.toml.

mod helpers;

mod register;

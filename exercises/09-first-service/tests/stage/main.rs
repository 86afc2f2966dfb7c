//! The tests of this stage, in the order of stage.toml. `shared` is given.

mod shared;
mod model;
mod storage;
mod routes;
mod validation;
mod errors;
mod configuration;
mod debugging;

//! The tests of this stage, in the order of stage.toml. `http` and `shared` are given.

mod http;
mod shared;
mod model;
mod storage;
mod routes;
mod validation;
mod errors;
mod configuration;
mod debugging;

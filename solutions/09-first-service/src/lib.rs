//! Reference solution of 09-first-service.

#[path = "../../../exercises/09-first-service/src/given/mod.rs"]
pub mod given;
#[path = "../../../exercises/09-first-service/src/program/mod.rs"]
pub mod program;
pub mod model;
pub mod storage;
pub mod routes;
pub mod validation;
pub mod errors;
pub mod configuration;
pub mod debugging;

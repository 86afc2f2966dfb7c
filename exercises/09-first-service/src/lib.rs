//! A first backend project: a wish list, in seven milestones. `given`, below them, and `program`, on top of them, are
//! finished.

pub mod given;
pub mod program;
pub mod model;
pub mod storage;
pub mod routes;
pub mod validation;
pub mod errors;
pub mod configuration;
pub mod debugging;

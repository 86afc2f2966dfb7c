//! Web frameworks: a service on axum, piece by piece.

pub mod auth_workflow;
pub mod database;
pub mod errors;
pub mod extractors;
pub mod middleware;
pub mod responses;
pub mod routing;
pub mod state;
pub mod testing;

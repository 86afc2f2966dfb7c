//! Web frameworks: a service on axum, piece by piece.

pub mod routing;
pub mod extractors;
pub mod state;
pub mod responses;
pub mod errors;
pub mod middleware;
pub mod database;
pub mod auth_workflow;
pub mod testing;

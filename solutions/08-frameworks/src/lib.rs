//! Web frameworks: a service on axum, piece by piece.

pub mod routing;

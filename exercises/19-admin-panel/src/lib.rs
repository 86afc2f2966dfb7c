//! Admin panel with roles.

pub mod given;
pub mod program;
pub mod schema;
pub mod users;
pub mod roles;
pub mod permissions;
pub mod audit;
pub mod search;
pub mod pages;

//! Admin panel with roles.

pub mod given;
pub mod program;
pub mod schema;
pub mod login;
pub mod users;
pub mod roles;
pub mod permissions;
pub mod audit;
pub mod csrf;
pub mod search;
pub mod pages;

//! Admin panel with roles.

#[path = "../../../exercises/19-admin-panel/src/given/mod.rs"]
pub mod given;
#[path = "../../../exercises/19-admin-panel/src/program/mod.rs"]
pub mod program;

pub mod schema;
pub mod users;
pub mod roles;
pub mod permissions;
pub mod audit;
pub mod search;
pub mod pages;

//! Reference solution of 16-api-service.

#[path = "../../../exercises/16-api-service/src/given/mod.rs"]
pub mod given;
#[path = "../../../exercises/16-api-service/src/program/mod.rs"]
pub mod program;
pub mod users;
pub mod login;
pub mod profiles;
pub mod articles;
pub mod editing;
pub mod listing;
pub mod feed;
pub mod favorites;
pub mod comments;
pub mod tags;

//! API-based service.

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

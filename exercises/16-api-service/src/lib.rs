//! The exercises of this stage, one module each; `given`, below them, and `program`, on top of them, are finished.

pub mod given;
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

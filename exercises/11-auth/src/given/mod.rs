//! What the exercises rest on, finished and worth reading.

pub mod entropy;
pub mod orders;
pub mod passwords;
pub mod roles;
pub mod sessions;
pub mod sign_in;
pub mod tables;
pub mod users;

//! Authentication and authorization. `given`, below the exercises, and `program`, on top of them, are finished.

pub mod given;
pub mod program;
pub mod passwords;
pub mod sessions;
pub mod tokens;
pub mod extractor;
pub mod roles;
pub mod ownership;
pub mod validation;
pub mod refresh;
pub mod totp;
pub mod oauth;

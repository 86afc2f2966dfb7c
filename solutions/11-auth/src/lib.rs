//! Reference solution of 11-auth.

#[path = "../../../exercises/11-auth/src/given/mod.rs"]
pub mod given;
#[path = "../../../exercises/11-auth/src/program/mod.rs"]
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

//! Authentication and authorization. `given` is what the exercises rest on; it is finished.

pub mod given;
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

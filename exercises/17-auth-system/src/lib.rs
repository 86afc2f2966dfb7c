//! The exercises of this stage, one module each; `given` is finished.

pub mod given;
pub mod register;
pub mod verify_email;
pub mod login;
pub mod sessions;
pub mod refresh;
pub mod reset;
pub mod totp;
pub mod lockout;
pub mod audit;

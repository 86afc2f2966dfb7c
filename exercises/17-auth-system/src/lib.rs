//! The exercises of this stage, one module each; `given`, below them, and `program`, on top of them, are finished.

pub mod given;
pub mod program;
pub mod register;
pub mod verify_email;
pub mod login;
pub mod sessions;
pub mod refresh;
pub mod reset;
pub mod totp;
pub mod lockout;
pub mod audit;

//! Reference solution of 17-auth-system.

#[path = "../../../exercises/17-auth-system/src/given/mod.rs"]
pub mod given;
#[path = "../../../exercises/17-auth-system/src/program/mod.rs"]
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

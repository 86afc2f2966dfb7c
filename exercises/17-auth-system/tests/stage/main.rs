//! The tests of this stage, in the order of stage.toml.

mod helpers;
mod register;
mod verify_email;
mod login;
mod sessions;
mod refresh;
mod reset;
mod totp;
mod lockout;
mod audit;

//! The tests of the stage, a module for each exercise.

mod passwords;
mod sessions;
mod tokens;
mod extractor;
mod roles;
mod ownership;
mod validation;
mod refresh;
mod totp;
mod oauth;
mod meeting;
mod provider;

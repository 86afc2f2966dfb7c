//! The tests of the stage, a module for each exercise.

mod staff;
mod schema;
mod login;
mod users;
mod roles;
mod permissions;
mod audit;
mod csrf;
mod search;
mod pages;

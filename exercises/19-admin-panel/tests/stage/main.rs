//! The tests of the stage, a module for each exercise.

mod staff;
mod schema;
mod users;
mod roles;
mod permissions;
mod audit;
mod search;
mod pages;

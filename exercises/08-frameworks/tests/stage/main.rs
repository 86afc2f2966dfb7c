//! The tests of the stage, a module for each exercise.

mod http;

mod auth_workflow;
mod database;
mod errors;
mod extractors;
mod middleware;
mod responses;
mod routing;
mod state;

//! The tests of the stage, a module for each exercise. `http` and the voucher services are given.

mod http;
mod voucher_service;
mod voucher_service_rewritten;

mod auth_workflow;
mod database;
mod errors;
mod extractors;
mod middleware;
mod responses;
mod routing;
mod state;
mod testing;

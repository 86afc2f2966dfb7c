//! The tests of the stage, a module for each exercise. The two voucher services are given.

mod voucher_service;
mod voucher_service_rewritten;
mod routing;
mod extractors;
mod state;
mod responses;
mod errors;
mod middleware;
mod database;
mod auth_workflow;
mod testing;

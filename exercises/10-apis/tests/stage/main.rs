//! The tests of the stage, a module for each exercise.

mod calls;
mod resources;
mod validation;
mod problems;
mod pagination;
mod filtering;
mod conditional;
mod idempotency;
mod openapi;
mod client;
mod retries;
mod webhooks;
mod versions;
mod writers;

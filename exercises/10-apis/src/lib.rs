//! APIs.

pub mod given;
pub mod program;
pub mod resources;
pub mod validation;
pub mod problems;
pub mod pagination;
pub mod filtering;
pub mod conditional;
pub mod idempotency;
pub mod openapi;
pub mod client;
pub mod retries;
pub mod webhooks;
pub mod versions;

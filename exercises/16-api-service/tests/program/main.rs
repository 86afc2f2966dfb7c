//! The whole program, all ten milestones together: `cargo test -p api-service --test program`, for the day they are written. The
//! runner does not judge these tests; they are yours to run.

mod api;
mod document;
mod operation;
mod world;

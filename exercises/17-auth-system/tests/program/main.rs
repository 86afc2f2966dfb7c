//! The whole program, all nine milestones together: `cargo test -p auth-system --test program`, for the day they are
//! written. The runner does not judge these tests; they are yours to run.

mod api;
mod browser;
mod operation;
mod pages;
mod world;

//! Data flow and consistency: what several statements, programs and people do to the same data, and how it stays right.

// What the exercises share. Given: read it, there is nothing to write in it.
pub mod given;
pub mod transactions;
pub mod constraints;
pub mod migrations;
pub mod repositories;
pub mod imports;
pub mod concurrency;
pub mod audit;
pub mod backup;

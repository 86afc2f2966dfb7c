//! Stage 06, data flow and consistency: what the tests of the exercises share, and the tests themselves.

mod shop;
mod transactions;
mod constraints;
mod migrations;
mod repositories;
mod imports;
mod concurrency;
mod audit;
mod backup;

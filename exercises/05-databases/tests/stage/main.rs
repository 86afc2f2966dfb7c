//! Stage 05, databases: what the tests of the exercises share, and the tests themselves.

mod shop;
mod trade;
mod schema;
mod insert;
mod queries;
mod changes;
mod joins;
mod aggregates;
mod indexes;
mod search;

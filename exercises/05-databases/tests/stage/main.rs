//! Stage 05, databases: what the tests of the exercises share, and the tests themselves.

mod shop;
mod schema;
mod insert;
mod queries;
mod changes;

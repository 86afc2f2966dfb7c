//! Stage 05, databases: what the tests of the exercises share, and the tests themselves.

mod schema;

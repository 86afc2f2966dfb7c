//! What the exercises share. Given: read it, there is nothing to write in it.

/// The shop's tables, with their constraints by name.
///
/// A test makes them before it calls your code. Foreign keys are switched on.
pub const TABLES: &str = include_str!("tables.sql");

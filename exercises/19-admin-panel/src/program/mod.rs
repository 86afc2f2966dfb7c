//! What is built on top of the milestones.

pub mod panel;

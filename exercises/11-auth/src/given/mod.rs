//! What the exercises rest on, finished and worth reading.

pub mod entropy;

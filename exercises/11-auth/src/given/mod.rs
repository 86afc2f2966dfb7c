//! What the exercises rest on, finished and worth reading.

pub mod entropy;
pub mod sign_in;

//! Asynchronous work: many things at the same time, on few threads.

pub mod tasks;
pub mod channels;
pub mod timeouts;
pub mod limits;
pub mod blocking;
pub mod streams;
pub mod shutdown;

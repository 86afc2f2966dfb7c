//! Stage 07, asynchronous work: what the tests of the exercises share, and the tests themselves.
//!
//! The tests stop tokio's clock (`start_paused = true`): when all tasks wait, the clock jumps to the next moment for which
//! somebody waits. An hour costs nothing, and each run is like the one before.

mod clock;
mod tasks;
mod channels;
mod timeouts;
mod limits;
mod blocking;
mod streams;
mod shutdown;

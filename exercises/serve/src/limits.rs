//! How much, and how long.

use std::time::Duration;

/// How much a program takes, and how long it waits for a client.
///
/// A client can fail to send, fail to read, or come a thousand times. Each of these limits ends one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections at once. Who comes then is told 503, with `Retry-After`, and let go: a client that waits in the system's
    /// queue does not know that it waits. Each takes a descriptor, of which a process often has 1,024.
    pub connections: usize,
    /// Requests at once, from their head to the head of their answer (or the end of their body, where an answer is given before
    /// it), without the time in which they wait for a piece of their body. One more is answered with [`Refusal::Busy`](crate::Refusal::Busy).
    pub requests: usize,
    /// How long the head of a request may take, from the connection or from the end of the last answer: an idle connection
    /// lives no longer. It is closed without a word.
    pub head: Duration,
    /// How long the next piece of a body may take; then [`Refusal::SlowBody`](crate::Refusal::SlowBody).
    pub pause: Duration,
    /// How long a whole body may take, from the head on; then [`Refusal::SlowBody`](crate::Refusal::SlowBody).
    pub body: Duration,
    /// How long the head of the answer may take, from the head of the request on; then
    /// [`Refusal::SlowAnswer`](crate::Refusal::SlowAnswer), or `SlowBody` where the body is what did not come.
    pub answer: Duration,
    /// How long a client may take nothing of an answer; then the connection is closed. One that takes a little each time is
    /// served for as long as it likes, and has its place among the connections.
    pub write: Duration,
    /// How long the requests that have begun may take once the program is told to stop.
    pub farewell: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 512,
            requests: 64,
            head: Duration::from_secs(10),
            pause: Duration::from_secs(10),
            body: Duration::from_secs(30),
            answer: Duration::from_secs(30),
            write: Duration::from_secs(10),
            farewell: Duration::from_secs(5),
        }
    }
}

//! One attempt of a call, whatever the call is.

use std::future::Future;

/// Why an attempt gave no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// There was no connection: nothing was sent.
    NotSent,
    /// It was sent, or a part of it, and no answer came. It may have been carried out, or not.
    NoAnswer,
    /// An answer came, with a status that is no success. `retry_after` is its header, as it came.
    Status {
        status: u16,
        retry_after: Option<String>,
    },
}

/// Something that can be tried again.
pub trait Attempt: Send {
    type Value: Send;

    /// Tries once.
    fn attempt(&mut self) -> impl Future<Output = Result<Self::Value, Failure>> + Send;
}
